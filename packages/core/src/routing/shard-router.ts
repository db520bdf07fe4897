import type { Key, RoutingContext, ShardingSpec } from '../types.js'

/** Tells which shard of a snapshot a key belongs to; writer and reader use the same one. */
export interface ShardRouter {
  readonly spec: ShardingSpec
  /** Number of shards; `route` answers 0 up to this, excluded. */
  readonly shards: number
  /**
   * The shard of a key.
   *
   * Errors: SHARD_INVALID_KEY for a key that cannot be hashed or is not what the expression takes;
   * SHARD_ROUTING for a context that is missing or out of place and for results that name no shard.
   */
  route(key: Key, context?: RoutingContext): number
}

export interface RouterOptions {
  /**
   * Refuses byte tokens in categorical mode (default false). Byte tokens do not survive
   * publication, so a writer must not route by them; readers match them against the text with the
   * same UTF-8 bytes.
   */
  readonly writing?: boolean
}
