import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  xxh3,
  xxh3OfBigInt,
  xxh3ShardOf,
  xxh3ShardOfBigInt,
  xxh3ShardOfInt,
} from '#dist/routing/xxh3.js'
import { xxh3 as binding } from '@node-rs/xxhash'
import fc from 'fast-check'
import { soak } from '@shardyfusion/test-support/soak'
import { vectors } from '../support/key-vectors.js'

/** The longest input of one block, and the lengths at which the algorithm changes. */
const LENGTHS = [0, 1, 3, 4, 8, 9, 16, 17, 32, 64, 96, 128, 129, 160, 239, 240, 241, 1024, 1025]

test('xxh3: gives the digests of the vectors at every length', () => {
  for (const { length, digest_hex, digest_dec } of vectors.xxh3_pattern.cases) {
    const digest = xxh3(Uint8Array.from({ length }, (_, i) => i % 251))
    assert.equal(digest, BigInt(`0x${digest_hex}`), `length ${length}`)
    assert.equal(digest, BigInt(digest_dec))
  }
})

test('xxh3: hashes a string as its UTF-8', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400, size: 'max' }),
    fc.string({ unit: 'binary-ascii', maxLength: 400, size: 'max' }),
  )
  fc.assert(
    fc.property(text, (input) => {
      const expected = binding.xxh64(new TextEncoder().encode(input))
      assert.equal(xxh3(input), expected)
      assert.equal(xxh3(new TextEncoder().encode(input)), expected)
    }),
    { numRuns: 1000 },
  )
})

test('xxh3: agrees with the reference at every length up to some blocks', () => {
  const bytes = Uint8Array.from({ length: 3200 }, (_, i) => (i * 2654435761) >>> 24)
  for (let length = 0; length < 1600; length++) {
    const part = bytes.subarray(length, 2 * length)
    assert.equal(xxh3(part), binding.xxh64(part), `length ${length}`)
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000, size: 'max' }), (input) => {
      assert.equal(xxh3(input), binding.xxh64(input))
    }),
    { numRuns: 300 },
  )
})

// Products of words that are almost 2^32 or almost 0 are where carries and rounding would fail.
test('xxh3: carries where words are all ones or all zeros', () => {
  const byte = fc.constantFrom(0, 1, 0x7f, 0x80, 0xfe, 0xff)
  const input = fc
    .tuple(
      fc.constantFrom(...LENGTHS),
      byte,
      fc.array(fc.tuple(fc.nat(1100), byte), { maxLength: 6 }),
    )
    .map(([length, fill, changes]) => {
      const bytes = new Uint8Array(length).fill(fill)
      for (const [at, value] of changes) if (at < length) bytes[at] = value
      return bytes
    })
  fc.assert(
    fc.property(input, (bytes) => assert.equal(xxh3(bytes), binding.xxh64(bytes))),
    { numRuns: soak(5_000, 50_000) },
  )
})

test('xxh3: reads the part of a buffer that it was given', () => {
  const buffer = Uint8Array.from({ length: 2000 }, (_, i) => i * 7)
  for (const length of LENGTHS) {
    const part = buffer.subarray(3, 3 + length)
    assert.equal(xxh3(part), xxh3(part.slice()), `length ${length}`)
    assert.equal(xxh3(Buffer.from(part)), xxh3(part.slice()), `length ${length}`)
  }
})

// Every way of taking the remainder and the borders between them.
const shardCounts = fc.oneof(
  fc.constantFrom(1, 2, 3, 8, 1000, 2 ** 16 - 1, 2 ** 16, 2 ** 16 + 1),
  fc.constantFrom(2 ** 20, 2 ** 21 - 1, 2 ** 21, 2 ** 21 + 1, 2 ** 31 - 1, 2 ** 31),
  fc.integer({ min: 1, max: 2 ** 16 }),
  fc.integer({ min: 1, max: 2 ** 21 }),
  fc.integer({ min: 1, max: 2 ** 31 }),
)

test('xxh3ShardOfInt: agrees with the reference for every 8-byte input and shard count', () => {
  const view = new DataView(new ArrayBuffer(8))
  const bytes = new Uint8Array(view.buffer)
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), shardCounts, (input, shards) => {
      view.setBigUint64(0, input, true)
      const expected = Number(binding.xxh64(bytes) % BigInt(shards))
      const lo = view.getUint32(0, true)
      const hi = view.getUint32(4, true)
      assert.equal(xxh3ShardOfInt(lo, hi, shards), expected)
      assert.equal(xxh3ShardOfInt(lo | 0, hi | 0, shards), expected)
      const signed = view.getBigInt64(0, true)
      assert.equal(xxh3ShardOfBigInt(signed, shards), expected)
      assert.equal(xxh3OfBigInt(signed), binding.xxh64(bytes))
      assert.equal(xxh3ShardOf(bytes, shards), expected)
    }),
    { numRuns: 20_000 },
  )
})
