import type * as Maintain from '@shardyfusion/core/maintain'
import type * as Tasks from '@shardyfusion/core/tasks'
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
export function loadMaintenance(): Promise<typeof Maintain> {
  return import('@shardyfusion/core/maintain')
}

/** The parts of a build that a cluster runs: plan, attempts, publication. They run in this thread for the same reasons. */
export function loadTasks(): Promise<typeof Tasks> {
  return import('@shardyfusion/core/tasks')
}
