import type { Key, RoutingContext } from '@shardyfusion/core'

/** A row that can be put. */
export interface Row {
  readonly key: Key
  readonly value: Uint8Array
  readonly context: RoutingContext | undefined
  readonly line: number
}
