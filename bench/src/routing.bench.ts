// How long does routing a key to its shard take?
import { xxh3 } from '@node-rs/xxhash'
import type { Key } from '@shardyfusion/core'
// The router is not public. Within put and get, its cost is too small to measure.
import { HashRouter } from '../../packages/core/dist/modules/routing/hash-router.js'
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
  for (const bytes of [4, 8, 12, 16, 20, 36, 64, 128, 240, 1000]) {
    await compareRoutes(
      shards,
      `text keys of ${bytes} bytes`,
      numbers.map((n) => textOf(n, bytes)),
      (key) => key,
    )
  }
  for (const bytes of [4, 16, 36, 240]) {
    await compareRoutes(
      shards,
      `keys of ${bytes} bytes`,
      numbers.map((n) => new Uint8Array(Buffer.from(textOf(n, bytes)))),
      (key) => key,
    )
  }
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

/** Text that differs in its last digits, as ids with a common beginning do. */
function textOf(n: number, length: number): string {
  return n.toString(36).padStart(length, 'customer/').slice(-length)
}

function sum<K>(keys: readonly K[], route: (key: K) => number): number {
  let total = 0
  for (const key of keys) total += route(key)
  return total
}
