import { requireInt64, unroutable } from '../keys/routing-bytes.js'
import { requireWellFormed } from '../keys/text-bytes.js'
import type { Key, RoutingContext, ShardingSpec } from '../types.js'
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
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}
