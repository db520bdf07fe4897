import { xxh3 } from '@node-rs/xxhash'
import { ShardWriter, writeSnapshot } from '@shardyfusion/core'
import { rows, VALUE_BYTES, valueOf } from './rows.js'
import { SHORT } from './short.js'

/** Default number of rows of a shard and of a snapshot. */
export const ROWS = SHORT ? 2_000 : 100_000
export const SHARDS = 8

/** The measured engines; the first is the default. */
export const ENGINES = ['wasm', 'native'] as const
export type Engine = (typeof ENGINES)[number]

interface BuildOptions {
  readonly rows?: number
  readonly engine?: Engine
}

/** A description of the rows, for titles. */
export function describeRows(count = ROWS, valueBytes = VALUE_BYTES): string {
  return `${count.toLocaleString('en')} rows, 8-byte keys, ${valueBytes}-byte values`
}

/** Builds a sealed shard. */
export async function buildShard(
  url: string,
  { rows: count = ROWS, engine = 'wasm' }: BuildOptions = {},
): Promise<void> {
  const writer = await ShardWriter.open({ url, engine })
  try {
    for (let i = 0; i < count; i++) await writer.put(i, valueOf(i))
    await writer.seal()
  } finally {
    await writer.close()
  }
}

/** Builds a snapshot of `SHARDS` shards and returns their URLs in order. */
export async function buildSnapshot(
  prefix: string,
  { rows: count = ROWS, engine = 'wasm' }: BuildOptions = {},
): Promise<string[]> {
  const options = { prefix, sharding: { shards: SHARDS }, engine }
  const { shards } = await writeSnapshot(rows(count), options)
  return shards.map(({ url }) => url!)
}

/** The shard of an integer key, computed with a hash library: 8 bytes, digest, remainder. */
export function plainShardOf(key: number): number {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(key))
  return Number(xxh3.xxh64(bytes) % BigInt(SHARDS))
}
