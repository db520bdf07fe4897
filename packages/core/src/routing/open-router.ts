import { describeValue } from '../options/describe-value.js'
import type { ShardingSpec } from '../types.js'
import { HashRouter } from './hash-router.js'
import { MAX_SHARDS } from './max-shards.js'
import { routingError } from '../errors/error-factories.js'
import type { RouterOptions, ShardRouter } from './shard-router.js'

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
