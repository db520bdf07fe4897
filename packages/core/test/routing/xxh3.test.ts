import assert from 'node:assert/strict'
import { test } from 'node:test'
import { xxh3 as portable } from '#dist/routing/xxh3-digest-portable.js'
import { xxh3, xxh3OfBigInt, xxh3ShardOfBigInt, xxh3ShardOfInt } from '#dist/routing/xxh3.js'
import fc from 'fast-check'
import { vectors } from '../support/key-vectors.js'

for (const [name, digestOf] of Object.entries({ xxh3, portable })) {
  test(`${name}: gives the digests of the vectors at every length`, () => {
    for (const { length, digest_hex, digest_dec } of vectors.xxh3_pattern.cases) {
      const digest = digestOf(Uint8Array.from({ length }, (_, i) => i % 251))
      assert.equal(digest, BigInt(`0x${digest_hex}`), `length ${length}`)
      assert.equal(digest, BigInt(digest_dec))
    }
  })

  test(`${name}: hashes a string as its UTF-8`, () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(digestOf(text), xxh3(new TextEncoder().encode(text)))
      }),
    )
  })
}

test('portable: agrees with the library at every length up to some blocks', () => {
  const bytes = Uint8Array.from({ length: 3200 }, (_, i) => (i * 2654435761) >>> 24)
  for (let length = 0; length < 1200; length++) {
    const part = bytes.subarray(length, 2 * length)
    assert.equal(portable(part), xxh3(part), `length ${length}`)
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000, size: 'max' }), (input) => {
      assert.equal(portable(input), xxh3(input))
    }),
    { numRuns: 300 },
  )
})

// Every way of taking the remainder and the borders between them.
const shardCounts = fc.oneof(
  fc.constantFrom(1, 2, 3, 8, 1000, 2 ** 16 - 1, 2 ** 16, 2 ** 16 + 1),
  fc.constantFrom(2 ** 20, 2 ** 21 - 1, 2 ** 21, 2 ** 21 + 1, 2 ** 31 - 1, 2 ** 31),
  fc.integer({ min: 1, max: 2 ** 16 }),
  fc.integer({ min: 1, max: 2 ** 21 }),
  fc.integer({ min: 1, max: 2 ** 31 }),
)

test('xxh3ShardOfInt: agrees with the library for every 8-byte input and shard count', () => {
  const view = new DataView(new ArrayBuffer(8))
  const bytes = new Uint8Array(view.buffer)
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), shardCounts, (input, shards) => {
      view.setBigUint64(0, input, true)
      const expected = Number(xxh3(bytes) % BigInt(shards))
      const lo = view.getUint32(0, true)
      const hi = view.getUint32(4, true)
      assert.equal(xxh3ShardOfInt(lo, hi, shards), expected)
      assert.equal(xxh3ShardOfInt(lo | 0, hi | 0, shards), expected)
      const signed = view.getBigInt64(0, true)
      assert.equal(xxh3ShardOfBigInt(signed, shards), expected)
      assert.equal(xxh3OfBigInt(signed), xxh3(bytes))
    }),
    { numRuns: 20_000 },
  )
})
