import { requireInt64, unroutable } from '../keys/routing-bytes.js'
import { decodeKey } from '../keys/stored-bytes.js'
import { requireWellFormed } from '../keys/text-bytes.js'
import type { Key, KeyEncoding, RoutingContext, ShardingSpec } from '../types.js'
import { routingError } from '../errors/error-factories.js'
import type { ShardRouter } from './shard-router.js'
import { xxh3ShardOf, xxh3ShardOfBigInt, xxh3ShardOfInt } from './xxh3.js'
import { isBytes } from '../text/bytes.js'

const WHERE = 'route'
const TWO_32 = 2 ** 32

/**
 * Distributes keys by hash: the digest of the routing bytes modulo the number of shards.
 *
 * It agrees with `routingBytes` and `xxh3`, but makes no bigint and, for integers and 8-byte keys, no
 * buffer. Source: wire-format §4.1.
 */
export class HashRouter implements ShardRouter {
  readonly spec: ShardingSpec
  readonly shards: number

  constructor(spec: Extract<ShardingSpec, { strategy: 'hash' }>, shards: number) {
    this.spec = spec
    this.shards = shards
  }

  route(key: Key, context?: RoutingContext): number {
    if (context !== undefined) {
      throw routingError(
        WHERE,
        'a routing context is for snapshots sharded by CEL, but this one is sharded by hash; omit it',
        { peer: 'ValueError' },
      )
    }
    if (typeof key === 'number') {
      if (!Number.isSafeInteger(key)) throw unroutable(key, WHERE)
      if (this.shards === 1) return 0
      return xxh3ShardOfInt(key | 0, Math.floor(key / TWO_32) | 0, this.shards)
    }
    if (typeof key === 'bigint') {
      requireInt64(key, WHERE)
      if (this.shards === 1) return 0
      return xxh3ShardOfBigInt(key, this.shards)
    }
    if (typeof key === 'string') {
      requireWellFormed(key, WHERE)
      if (this.shards === 1) return 0
      return xxh3ShardOf(key, this.shards)
    }
    if (isBytes(key)) {
      if (this.shards === 1) return 0
      if (key.length === 8) return xxh3ShardOfInt(wordAt(key, 0), wordAt(key, 4), this.shards)
      return xxh3ShardOf(key, this.shards)
    }
    throw unroutable(key, WHERE)
  }

  routeStored(stored: Uint8Array, encoding: KeyEncoding): number {
    // Text is hashed as its UTF-8, and bytes are hashed as they are.
    if (encoding !== 'u64be' && encoding !== 'u32be') return this.route(stored)
    if (encoding === 'u32be') return this.#shardOfInt(storedWordAt(stored, 0), 0)
    const high = storedWordAt(stored, 0)
    if (high < 0) return this.route(decodeKey(stored, encoding))
    return this.#shardOfInt(storedWordAt(stored, 4), high)
  }

  #shardOfInt(low: number, high: number): number {
    return this.shards === 1 ? 0 : xxh3ShardOfInt(low, high, this.shards)
  }
}

/** Four bytes as a signed integer, the most significant one first. */
function storedWordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}
