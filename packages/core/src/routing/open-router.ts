import { describeValue } from '../options/describe-value.js'
import type { ShardingSpec } from '../types.js'
import { HashRouter } from './hash-router.js'
import { MAX_SHARDS } from './max-shards.js'
import { routingError } from '../errors/error-factories.js'
import type { RouterOptions, ShardRouter } from './shard-router.js'

/**
 * Makes the router for a sharding spec and its number of shards.
 *
 * A direct CEL spec whose number of shards is known only after writing is opened with `MAX_SHARDS`;
 * `discoverCelShards` then returns the number. Errors: SHARD_ROUTING for a number of shards out of
 * range or an expression that does not compile. Source: wire-format §4.
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
  // Imported on demand: the CEL library takes longer to load than everything else together.
  const { CelRouter } = await import('./cel/cel-router.js')
  return CelRouter.open(spec, shards, options)
}
