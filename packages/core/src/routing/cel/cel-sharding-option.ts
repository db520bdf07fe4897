import type { CelType, RoutingValue } from '../../types.js'

export interface CelShardingOption {
  /** A CEL expression over `columns` that yields the shard, or one of `values`. */
  cel: string
  columns: Record<string, CelType>
  /**
   * Categorical: the shard is the index of the result in this list. `'infer'` takes the results of all rows, ascending:
   * records that can be read twice are, others wait on local disk (`spoolDirectory`) until the last has come.
   */
  values?: readonly RoutingValue[] | 'infer' | undefined
  /** Number of shards when the expression yields it directly. */
  shards?: number | undefined
}
