import type * as Maintain from '@shardyfusion/core/maintain'
import type * as Tasks from '@shardyfusion/core/tasks'
import type * as Sync from '@shardyfusion/sync'
import type * as Vector from '@shardyfusion/vector'
import type * as SyncVector from '@shardyfusion/sync/vector'

/** Readers and writers. Loaded on demand, because `--help` and `completion` do not need them. */
export type Library = typeof Sync

export async function loadLibrary(): Promise<Library> {
  await registerEngines()
  return import('@shardyfusion/sync')
}

/** Packages of engines by the format of their shards; all but the first are the choice of the user. */
const PACKAGES: Readonly<Record<string, { module: string; export: string; kv?: string }>> = {
  'sqlite-vec': { module: '@shardyfusion/vector', export: 'sqliteVec' },
  lancedb: { module: '@shardyfusion/lancedb', export: 'lancedb' },
  'slatedb+lancedb': { module: '@shardyfusion/lancedb', export: 'compositeFrom', kv: 'slatedb' },
  'sqlite+lancedb': { module: '@shardyfusion/lancedb', export: 'compositeFrom', kv: 'sqlite' },
}

/** Makes readers find the engines that are installed with this program; each is loaded when it is needed. */
export async function registerEngines(): Promise<void> {
  const { registerEngine } = await import('@shardyfusion/core/internal')
  for (const [format, { module: name, export: made, kv }] of Object.entries(PACKAGES)) {
    try {
      const module = import.meta.resolve(name)
      const vectors = { module, export: 'lancedb' }
      const keys = { module: '@shardyfusion/core', export: kv }
      const options = kv === undefined ? undefined : { kv: keys, vectors }
      registerEngine(format, { module, export: made, ...(options && { options }) })
    } catch {
      // Not installed: an error about a snapshot of this format says so.
    }
  }
}

/** The functions for vectors that take long; they run in this thread, as maintenance does. */
export async function loadVectorPackage(): Promise<typeof Vector> {
  return import('@shardyfusion/vector')
}

/** Snapshots of vectors without keys. */
export async function loadVectorLibrary(): Promise<typeof SyncVector> {
  await registerEngines()
  return import('@shardyfusion/sync/vector')
}

/**
 * Loads the maintenance functions of core: history, rollback, cleanup, verification.
 *
 * These run in this thread and not through the sync package, because they take long, report progress and stop on a
 * signal. A thread blocked in `Atomics.wait` could do neither.
 */
export async function loadMaintenance(): Promise<typeof Maintain> {
  await registerEngines()
  return import('@shardyfusion/core/maintain')
}

/** Loads the task functions of core: plan, attempts, publication. They run in this thread for the same reasons. */
export async function loadTasks(): Promise<typeof Tasks> {
  await registerEngines()
  return import('@shardyfusion/core/tasks')
}
