import type { Key, RoutingContext } from '@shardyfusion/core'

/** A valid row for the writer. */
export interface Row {
  readonly key: Key
  readonly value: Uint8Array
  readonly context: RoutingContext | undefined
  readonly line: number
}
