import { describeValue } from '../options/describe-value.js'
import type { Key, RoutingContext, ShardingSpec } from '../types.js'
import { HashRouter } from './hash-router.js'
import { MAX_SHARDS } from './max-shards.js'
import { routingError } from '../errors/error-factories.js'

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

/**
 * The router for a sharding spec and its number of shards.
 *
 * A direct CEL spec whose shard count is only known after writing is opened with `MAX_SHARDS`;
 * `discoverCelShards` then gives the count.
 * Errors: SHARD_ROUTING for a shard count out of range or an expression that does not compile.
 * Source: wire-format §4.
 */
export async function openRouter(
  spec: ShardingSpec,
  shards: number,
  options: RouterOptions = {},
): Promise<ShardRouter> {
  if (!Number.isInteger(shards) || shards < 1 || shards > MAX_SHARDS) {
    throw routingError(
      'openRouter',
      `the number of shards must be an integer from 1 to 2^31, got ${describeValue(shards)}`,
      { peer: 'ValueError' },
    )
  }
  if (spec.strategy === 'hash') return new HashRouter(spec, shards)
  // On demand: the CEL library takes longer to load than everything else together.
  const { CelRouter } = await import('./cel/cel-router.js')
  return CelRouter.open(spec, shards, options)
}
