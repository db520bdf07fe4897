import { loadCode } from '../errors/load-code.js'
import type { RowVector, VectorRow } from './rows/vector-row.js'
import type { ObjectStore } from '../store/object-store.js'

/** A method of SnapshotWriter for snapshots of vectors without keys, which `@shardyfusion/vector` writes. */
export const vectorBuild: unique symbol = Symbol('vectorBuild')

/** The parts of a build that a build of vectors uses. */
export interface VectorBuild {
  /** The store of the build. */
  readonly objects: ObjectStore
  /** URL of the table. */
  readonly prefix: string
  /** Id of the run. */
  readonly runId: string
  /** Adds a vector to a shard. If it returns a promise, await it before the next vector. */
  put(shard: number, row: RowVector | VectorRow): Promise<void> | undefined
  /** Reports a few times a second that centroids are trained on this many records; the next `put` ends that. */
  train(records: number): void
  /** Adds to the field `vector` of the manifest's `custom`; call it before `publish()`. */
  describe(vector: Readonly<Record<string, unknown>>): void
}

/** The names of the options of a SnapshotWriter. Loads the code of builds, which readers do not need. */
export async function writerOptionNames(where: string): Promise<readonly string[]> {
  const loaded = await loadCode(import('./snapshot-writer-options.js'), where)
  return Object.keys(loaded.snapshotWriterOptionsSchema.entries)
}
