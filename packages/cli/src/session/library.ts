import type * as Core from '@shardyfusion/core'
import type * as Sync from '@shardyfusion/sync'

/** Readers and writers. Loaded on demand, because `--help` and `completion` do not need them. */
export type Library = typeof Sync

export function loadLibrary(): Promise<Library> {
  return import('@shardyfusion/sync')
}

/**
 * Loads core, for history, rollback, cleanup, verification and tasks.
 *
 * These run in this thread and not through the sync package, because they take long, report progress and stop on a
 * signal. A thread blocked in `Atomics.wait` could do neither.
 */
export function loadMaintenance(): Promise<typeof Core> {
  return import('@shardyfusion/core')
}
