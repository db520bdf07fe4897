import { invalidOption } from '../../errors/error-factories.js'
import type { ShardingOption } from './sharding-option.js'
import type { CelShardingOption } from '../../routing/cel/cel-sharding-option.js'
import { MAX_MANIFEST_SHARDS } from '../../snapshot/max-manifest-shards.js'
import { validateRoutingValues } from '../../routing/routing-values.js'
import type { ShardingSpec } from '../../types.js'

/**
 * The number of shards of a build and their routing; `shards` is unknown if a CEL expression
 * determines it.
 */
export interface ShardLayout {
  readonly spec: ShardingSpec
  readonly shards: number | undefined
}

/**
 * Converts the `sharding` option to the manifest's form and a number of shards.
 *
 * Errors: SHARD_INVALID_OPTION if the number cannot be determined. Source: wire-format §4.2.
 */
export function shardLayout(sharding: ShardingOption, where: string): ShardLayout {
  if ('cel' in sharding) return celLayout(sharding, where)
  const spec: ShardingSpec = { strategy: 'hash', hashAlgorithm: 'xxh3_64' }
  if ('shards' in sharding) return { spec, shards: sharding.shards }
  const { maxKeysPerShard, expectedRows } = sharding
  if (expectedRows === undefined) {
    throw invalidOption(
      where,
      'sharding.maxKeysPerShard needs the number of rows; give sharding.expectedRows, or records with a ' +
        `length or size, or sharding: { shards }`,
    )
  }
  const shards = Math.max(1, Math.ceil(expectedRows / maxKeysPerShard))
  if (shards > MAX_MANIFEST_SHARDS) {
    throw invalidOption(
      where,
      `sharding.maxKeysPerShard must give at most ${MAX_MANIFEST_SHARDS} shards, but ${expectedRows} rows ` +
        `in shards of ${maxKeysPerShard} make ${shards}; raise it`,
    )
  }
  return { spec, shards }
}

function celLayout(sharding: CelShardingOption, where: string): ShardLayout {
  // The values are known after all rows have been read; until then the list is empty.
  const given = sharding.values === 'infer' ? [] : sharding.values
  const values = given && validateRoutingValues(given, where)
  const spec: ShardingSpec = {
    strategy: 'cel',
    hashAlgorithm: 'xxh3_64',
    celExpr: sharding.cel,
    celColumns: sharding.columns,
    routingValues: values,
  }
  if (sharding.values === 'infer') return { spec, shards: undefined }
  return { spec, shards: values === undefined ? sharding.shards : Math.max(1, values.length) }
}
