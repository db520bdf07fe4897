// How long does routing a key to its shard take?
import { xxh3 } from '@node-rs/xxhash'
import type { Key } from '@shardyfusion/core'
// The router is not public. Within put and get, its cost is too small to measure.
import { HashRouter } from '../../packages/core/dist/routing/hash-router.js'
import { compare } from './support/compare.js'
import { scatteredKeys } from './support/rows.js'

const KEYS = 4_096
const numbers = scatteredKeys(KEYS, 2 ** 31)

// A power of two, whose remainder is a bit mask, and another number.
for (const shards of [8, 100]) {
  await compareRoutes(shards, 'integer keys (number)', numbers, (key) => {
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeBigInt64LE(BigInt(key))
    return bytes
  })
  await compareRoutes(shards, 'integer keys (bigint)', numbers.map(BigInt), (key) => {
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeBigInt64LE(key)
    return bytes
  })
  await compareRoutes(
    shards,
    'text keys',
    numbers.map((n) => `customer-${n}`),
    (key) => key,
  )
  await compareRoutes(
    shards,
    'keys of 16 bytes',
    numbers.map((n) => new Uint8Array(Buffer.from(n.toString(16).padStart(16, '0')))),
    (key) => key,
  )
}

async function compareRoutes<K extends Key>(
  shards: number,
  title: string,
  keys: readonly K[],
  bytesOf: (key: K) => Uint8Array | string,
): Promise<void> {
  const router = new HashRouter({ strategy: 'hash', hashAlgorithm: 'xxh3_64' }, shards)
  const modulus = BigInt(shards)
  const plain = (key: K): number => Number(xxh3.xxh64(bytesOf(key)) % modulus)
  const ours = (key: K): number => router.route(key)
  await compare({
    title: `${title}, ${shards} shards`,
    unit: 'key',
    units: KEYS,
    contenders: [
      {
        name: '@node-rs/xxhash, BigInt modulo',
        run: () => sum(keys, plain),
        answer: () => keys.map(plain),
      },
      { name: 'router', run: () => sum(keys, ours), answer: () => keys.map(ours) },
    ],
  })
}

function sum<K>(keys: readonly K[], route: (key: K) => number): number {
  let total = 0
  for (const key of keys) total += route(key)
  return total
}
