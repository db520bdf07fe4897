import type { CelType, RoutingValue, ShardingOption } from '@shardyfusion/core'
import { isInteger } from '../util/digits.js'
import { UsageError } from '../util/usage-error.js'
import type { BuildFlags } from './build-flags.js'
import { DEFAULT_SHARDS } from './default-shards.js'

const CEL_TYPES = ['int', 'uint', 'string', 'bytes', 'double', 'bool']

/** Rejects conflicting sharding options before any input is read. Errors: UsageError. */
export function checkShardingFlags({
  shards,
  maxKeysPerShard,
  cel,
  celColumn,
  celValue,
  celInfer,
}: BuildFlags): void {
  if (cel === undefined && (celColumn !== undefined || celValue !== undefined || celInfer))
    throw new UsageError('build: --cel-column, --cel-value and --cel-infer need --cel')
  if (celInfer && (celValue !== undefined || shards !== undefined))
    throw new UsageError(
      'build: --cel-infer conflicts with --cel-value and --shards; pass one of them',
    )
  if (maxKeysPerShard !== undefined && (shards !== undefined || cel !== undefined))
    throw new UsageError(
      'build: --max-keys-per-shard conflicts with --shards and --cel; pass one of them',
    )
}

/** The sharding option of the writer; `expectedRows` is used with `--max-keys-per-shard`. Errors: UsageError. */
export function shardingFromFlags(
  flags: BuildFlags,
  expectedRows: number | undefined,
): ShardingOption {
  const { shards, maxKeysPerShard, cel } = flags
  if (maxKeysPerShard !== undefined) return { maxKeysPerShard, expectedRows }
  if (cel === undefined) return { shards: shards ?? DEFAULT_SHARDS }
  const columns = celColumns(flags.celColumn)
  return {
    cel,
    columns: Object.fromEntries(
      columns ?? [['key', flags.keyEncoding === 'utf8' ? 'string' : 'int']],
    ),
    ...(flags.celValue !== undefined && { values: celValues(flags.celValue) }),
    ...(flags.celInfer && { values: 'infer' as const }),
    ...(shards !== undefined && { shards }),
  }
}

/** Parses `--cel-column name:type`, in the given order; `undefined` if the expression reads only the key. */
export function celColumns(given: readonly string[] | undefined): Map<string, CelType> | undefined {
  if (given === undefined) return undefined
  const columns = new Map<string, CelType>()
  for (const text of given) {
    const colon = text.lastIndexOf(':')
    const name = text.slice(0, Math.max(colon, 0))
    const type = text.slice(colon + 1)
    if (name === '' || !CEL_TYPES.includes(type))
      throw new UsageError(
        `build: --cel-column must be name:type with one of ${CEL_TYPES.join(', ')}, got "${text}"`,
      )
    columns.set(name, type as CelType)
  }
  return columns
}

/** Integers if all values are integers, else text: the values of one expression have one type. */
function celValues(given: readonly string[]): RoutingValue[] {
  return given.every(isInteger) ? given.map(BigInt) : [...given]
}
