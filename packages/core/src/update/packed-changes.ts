import type { ShardingOption } from '../build/open/sharding-option.js'
import type { EntryChunk } from '../chunk/entry-chunk.js'
import type { EngineLimits } from '../engine/engine.js'
import type { Key, KeyEncoding, RoutingContext } from '../types.js'

/** Names the method of `SnapshotUpdater` that takes changes from another thread. */
export const packedChanges = Symbol('packedChanges')
/** Names its facts for a caller in another thread. */
export const updaterFacts = Symbol('updaterFacts')

/** Changes in one chunk, for another thread. */
export interface PackedChanges {
  /** Keys and values of the changes. */
  readonly chunk: EntryChunk
  /** Which entries delete their key. */
  readonly deleted: readonly number[] | 'all'
  /** The rows as they were given, where stored keys are not enough to route them. */
  readonly rows?:
    | readonly { readonly key: Key; readonly context: RoutingContext | undefined }[]
    | undefined
  /** Number of the first record of the chunk, for errors. */
  readonly first: number
}

/** Facts of an updater that its caller in another thread needs. */
export interface UpdaterFacts {
  /** How keys are stored. */
  readonly keyEncoding: KeyEncoding
  /** Name of the key column. */
  readonly keyColumn: string
  /** How rows are assigned to shards. */
  readonly sharding: ShardingOption
  /** Limits of the engine, if it has some. */
  readonly limits: EngineLimits | undefined
  /** The format of the shards. */
  readonly format: string
}
