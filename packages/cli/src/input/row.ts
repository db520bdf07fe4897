import type { Key, RoutingContext, RowVector } from '@shardyfusion/core'

/** A valid row for the writer. */
export interface Row {
  readonly key: Key
  readonly value: Uint8Array
  readonly context: RoutingContext | undefined
  /** Set if the build has a vector column, and the row has a vector. */
  readonly vector?: RowVector | undefined
  readonly line: number
  /** True for a change that deletes the key; the value is then empty. */
  readonly deletes?: true
}
