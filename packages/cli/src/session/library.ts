import type * as Core from '@shardyfusion/core'
import type * as Sync from '@shardyfusion/sync'

/** Readers and writers, loaded when a command needs them: `--help` and `completion` do without. */
export type Library = typeof Sync

export function loadLibrary(): Promise<Library> {
  return import('@shardyfusion/sync')
}

/**
 * What looks after published snapshots: history, rollback, cleanup, verification.
 *
 * These run in this thread: they take long, report how far they are, and end by a signal, which a thread that
 * waits could not send.
 */
export function loadMaintenance(): Promise<typeof Core> {
  return import('@shardyfusion/core')
}
