import type { Key, KeyEncoding, RoutingContext, ShardingSpec } from '../types.js'

/** Determines the shard of a key; writer and reader use the same router. */
export interface ShardRouter {
  /** The routing part of the manifest. */
  readonly spec: ShardingSpec
  /** Number of shards; `route` returns 0 up to this, excluded. */
  readonly shards: number
  /**
   * Returns the shard of a key.
   *
   * Errors: SHARD_INVALID_KEY for a key that cannot be hashed or that the expression does not
   * accept; SHARD_ROUTING for a context that is missing or not expected, and for results that name
   * no shard.
   */
  route(key: Key, context?: RoutingContext): number
  /**
   * Returns the shard of the key with these stored bytes, which must have the width of the encoding;
   * only routers that need nothing but the bytes have it.
   *
   * Errors: as `route`.
   */
  routeStored?(stored: Uint8Array, encoding: KeyEncoding): number
}

export interface RouterOptions {
  /**
   * Refuses byte tokens in categorical mode (default false). Byte tokens do not survive
   * publication, so a writer must not route by them; readers match them against the text with the
   * same UTF-8 bytes.
   */
  readonly writing?: boolean
}
