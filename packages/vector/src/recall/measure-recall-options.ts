import type { QueryInput, VectorMetric } from '@shardyfusion/core'
import type { SessionOptions, SignalOption } from '@shardyfusion/core/extend'
import { integer } from '@shardyfusion/core/internal-vector'
import * as v from 'valibot'

/** Options of `measureRecall`. */
export interface MeasureRecallOptions extends Omit<SessionOptions, 'autoRefresh'>, SignalOption {
  /** Number of stored vectors to search for, 200 by default; or your queries, which say more. */
  queries?: number | QueryInput | undefined
  /** Number of hits for each query; 10 by default. */
  topK?: number | undefined
  /** Shares to ask an index for, for snapshots with keys. */
  recalls?: readonly number[] | undefined
  /** Called after each measured setting. */
  onProgress?: ((done: { readonly settings: number; readonly of: number }) => void) | undefined
}

/** One way to search, and what it found of the truly nearest. */
export interface MeasuredSetting {
  /** `exact`, or how searches were asked: for a recall of an index, or for a number of shards. */
  readonly exact: boolean
  /** The `recall` of the search, if it had one. */
  readonly recall: number | undefined
  /** The `probes` of the search, if it had them. */
  readonly probes: number | undefined
  /** Share of the truly nearest that was found, from 0 to 1. */
  readonly found: number
  /** Median duration of one search. */
  readonly msPerQuery: number
  /** Number of shards that a search read, on average. */
  readonly shardsPerQuery: number
}

/** The result of `measureRecall`. */
export interface RecallReport {
  /** Id of the run. */
  readonly runId: string
  /** Vectors of the snapshot. */
  readonly vectors: number
  /** Numbers in a vector. */
  readonly dimensions: number
  /** How the distance of two vectors is measured. */
  readonly metric: VectorMetric
  /** How shards find vectors, such as `exact` and `ivf`. */
  readonly indexes: readonly string[]
  /** Number of queries. */
  readonly queries: number
  /** Hits of a query. */
  readonly topK: number
  /** True if the queries were stored vectors, which searches then leave out of their results. */
  readonly sampled: boolean
  /** The result of each setting. */
  readonly settings: readonly MeasuredSetting[]
}

const share = v.pipe(
  v.number(),
  v.check((n) => n > 0 && n <= 1, 'must be a number above 0, up to 1'),
)

export const measureRecallSchema = v.strictObject({
  queries: v.optional(
    v.union(
      [integer(1, 'queries', 100_000), v.custom<QueryInput>((value) => typeof value === 'object')],
      'must be a number of queries, or vectors',
    ),
    200,
  ),
  topK: v.optional(integer(1, 'hits', 1000), 10),
  recalls: v.optional(v.array(share), [0.5, 0.8, 0.9, 0.95, 0.98, 0.99]),
  onProgress: v.optional(
    v.custom<NonNullable<MeasureRecallOptions['onProgress']>>(
      (value) => typeof value === 'function',
      'must be a function',
    ),
  ),
})
