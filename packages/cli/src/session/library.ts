import type * as Maintain from '@shardyfusion/core/maintain'
import type * as Tasks from '@shardyfusion/core/tasks'
import type * as Sync from '@shardyfusion/sync'

/** Readers and writers. Loaded on demand, because `--help` and `completion` do not need them. */
export type Library = typeof Sync

export function loadLibrary(): Promise<Library> {
  return import('@shardyfusion/sync')
}

/**
 * Loads the maintenance functions of core: history, rollback, cleanup, verification.
 *
 * These run in this thread and not through the sync package, because they take long, report progress and stop on a
 * signal. A thread blocked in `Atomics.wait` could do neither.
 */
export function loadMaintenance(): Promise<typeof Maintain> {
  return import('@shardyfusion/core/maintain')
}

/** Loads the task functions of core: plan, attempts, publication. They run in this thread for the same reasons. */
export function loadTasks(): Promise<typeof Tasks> {
  return import('@shardyfusion/core/tasks')
}
