import * as v from 'valibot'
import type { VectorCandidate } from '../../engine/vector-engine.js'
import { type SignalOption, signalSchema } from '../../options/call-options.js'
import { functionSchema, integer } from '../../options/scalars.js'
import type { RoutingContext } from '../../types.js'

/** Maximum of `topK`. */
export const MAX_TOP_K = 100_000

/** Chooses among vectors: a CEL expression over `id` and `payload`, or a function. */
export type SearchFilter = string | ((candidate: VectorCandidate) => boolean)

export interface SearchOptions extends SignalOption {
  /** Number of hits for each query; 10 by default, at most 100,000. */
  topK?: number | undefined
  /** Shards to search; all by default. */
  shards?: readonly number[] | undefined
  /** Column values of a snapshot sharded by a CEL expression: searches the one shard they name. */
  context?: RoutingContext | undefined
  /**
   * Finds only vectors for which it holds, such as `payload.year >= 2020 && id != 7`: `topK` of them,
   * or all if they are fewer. A member that a payload lacks makes it false.
   */
  where?: SearchFilter | undefined
  /** Leaves out hits that are farther than this. */
  maxDistance?: number | undefined
  /** Finds the truly nearest, even if an index could answer faster; false by default. */
  exact?: boolean | undefined
  /** Share of the truly nearest vectors that an index should find; 0.95 by default. */
  recall?: number | undefined
}

export interface SnapshotSearchOptions extends SearchOptions {
  /** Adds the values of the rows; false by default. The ids of vectors must be the keys. */
  withValues?: boolean | undefined
}

const recallMessage = 'must be a number above 0, up to 1'

export const searchEntries = {
  topK: v.optional(integer(0, 'hits', MAX_TOP_K), 10),
  shards: v.optional(v.array(integer(0, 'shard'), 'must be a list of shard ids')),
  context: v.optional(v.record(v.string(), v.unknown(), 'must be an object of column values')),
  where: v.optional(
    v.union(
      [v.string(), functionSchema<(candidate: VectorCandidate) => boolean>()],
      'must be a CEL expression or a function',
    ),
  ),
  maxDistance: v.optional(
    v.pipe(
      v.number('must be a number'),
      v.check((n) => !Number.isNaN(n), 'must be a number'),
    ),
  ),
  exact: v.optional(v.boolean('must be true or false'), false),
  recall: v.optional(
    v.pipe(
      v.number(recallMessage),
      v.check((n) => n > 0 && n <= 1, recallMessage),
    ),
  ),
  signal: v.optional(signalSchema),
}

export const searchSchema = v.strictObject(searchEntries)

export const snapshotSearchSchema = v.strictObject({
  ...searchEntries,
  withValues: v.optional(v.boolean('must be true or false'), false),
})
