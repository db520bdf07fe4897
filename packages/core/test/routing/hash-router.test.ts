import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Key, KeyEncoding } from '@shardyfusion/core'
import type { ShardingSpec } from '@shardyfusion/core/extend'
import { routingBytes } from '#dist/keys/routing-bytes.js'
import { encodeKey } from '#dist/keys/stored-bytes.js'
import { MAX_SHARDS } from '#dist/routing/max-shards.js'
import { openRouter } from '#dist/routing/open-router.js'
import { xxh3 } from '#dist/routing/xxh3.js'
import fc from 'fast-check'
import { failure, label, untag, vectors } from '../support/key-vectors.js'

const hash: ShardingSpec = { strategy: 'hash', hashAlgorithm: 'xxh3_64' }

test('hash router: routes every vector to its shard, for all shard counts', async () => {
  for (const count of [1, 2, 7, 8, 16, 1000]) {
    const router = await openRouter(hash, count)
    assert.equal(router.shards, count)
    for (const vector of vectors.routing) {
      if (vector.type === 'bool') continue
      const key = untag(vector)
      const expected = vector.db_id[count]
      assert.equal(router.route(key), expected, label(vector))
      if (typeof key === 'bigint' && Number.isSafeInteger(Number(key))) {
        assert.equal(router.route(Number(key)), expected, `number ${label(vector)}`)
      }
    }
    for (const { length, db_id } of vectors.xxh3_pattern.cases) {
      assert.equal(router.route(Uint8Array.from({ length }, (_, i) => i % 251)), db_id[count])
    }
  }
})

test('hash router: its short cuts agree with digest modulo shards', async () => {
  const keys: fc.Arbitrary<Key> = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.maxSafeInteger(),
    fc.integer(),
    fc.string({ unit: 'binary' }),
    fc.uint8Array(),
    fc.uint8Array({ minLength: 8, maxLength: 8 }),
  )
  for (const shards of [1, 3, 8, 100_000, 3_000_001, MAX_SHARDS]) {
    const router = await openRouter(hash, shards)
    fc.assert(
      fc.property(keys, (key) => {
        const digest = xxh3(routingBytes(key, 'test'))
        assert.equal(router.route(key), Number(digest % BigInt(shards)))
      }),
      { numRuns: 500 },
    )
  }
})

test('hash router: a stored key has the shard of the key it was made of', async () => {
  const cases: readonly [KeyEncoding, fc.Arbitrary<Key>][] = [
    ['u64be', fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.maxSafeNat())],
    ['u32be', fc.nat(0xffff_ffff)],
    ['utf8', fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array())],
    ['raw', fc.uint8Array({ maxLength: 20 })],
  ]
  for (const shards of [1, 8, 3_000_001]) {
    const router = await openRouter(hash, shards)
    for (const [encoding, keys] of cases) {
      fc.assert(
        fc.property(keys, (key) => {
          const stored = encodeKey(key, encoding, 'test')
          assert.equal(router.routeStored!(stored, encoding), router.route(key))
        }),
      )
    }
  }
})

test('hash router: refuses a stored integer of 2^63 or more, as it refuses the integer', async () => {
  for (const shards of [1, 8]) {
    const router = await openRouter(hash, shards)
    const stored = encodeKey(2n ** 63n, 'u64be', 'test')
    assert.throws(
      () => router.routeStored!(stored, 'u64be'),
      /must be in -2\^63 to 2\^63-1 to be hashed/,
    )
  }
})

test('hash router: number and bigint of equal value go to one shard', async () => {
  const router = await openRouter(hash, 1_000_003)
  assert.equal(router.route(-0), router.route(0n))
  fc.assert(
    fc.property(fc.maxSafeInteger(), (n) => {
      assert.equal(router.route(n), router.route(BigInt(n)))
    }),
  )
})

test('hash router: refuses keys that cannot be hashed, even with one shard', async () => {
  const router = await openRouter(hash, 1)
  const expected = failure('SHARD_INVALID_KEY', 'ValueError')
  const bad = [1.5, NaN, 2 ** 53, 2n ** 63n, -(2n ** 63n) - 1n, '\ud800', null, undefined, true, {}]
  for (const key of bad) assert.throws(() => router.route(key as Key), expected)
  assert.throws(() => router.route(2n ** 63n), /could be stored under u64be but never routed/)
})

test('hash router: refuses a routing context', async () => {
  const router = await openRouter(hash, 4)
  assert.throws(() => router.route(1n, {}), failure('SHARD_ROUTING', 'ValueError'))
})

test('openRouter: refuses shard counts that are no count', async () => {
  for (const shards of [0, -1, 1.5, NaN, MAX_SHARDS + 1]) {
    await assert.rejects(openRouter(hash, shards), failure('SHARD_ROUTING', 'ValueError'))
  }
})
