import type { CelType, RoutingValue } from '../../types.js'

/** Sharding by the result of a CEL expression. */
export interface CelShardingOption {
  /** A CEL expression over `columns`; its result is the shard, or one of `values`. */
  cel: string
  /** Name and type of each column that the expression uses. */
  columns: Record<string, CelType>
  /**
   * Categorical: the shard is the index of the result in this list. `'infer'` uses the results of
   * all rows, ascending: records that can be read twice are read twice, others wait on local disk
   * (`spoolDirectory`) until the last one has arrived.
   */
  values?: readonly RoutingValue[] | 'infer' | undefined
  /** Number of shards, if the result is the shard itself. */
  shards?: number | undefined
}
