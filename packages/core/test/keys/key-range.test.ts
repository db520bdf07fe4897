import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteRange } from '@shardyfusion/core/extend'
import type { KeyRange } from '@shardyfusion/core'
import { encodeRange, prefixEnd } from '#dist/keys/key-range.js'
import { encodeKey } from '#dist/keys/stored-bytes.js'
import { compareBytes } from '#dist/text/bytes.js'
import fc from 'fast-check'
import { failure } from '../support/key-vectors.js'

// Few distinct bytes, so that prefixes and bounds often meet.
const byteString = fc
  .array(fc.constantFrom(0, 1, 0xfe, 0xff), { maxLength: 4 })
  .map((list) => Uint8Array.from(list))
const shortText = fc.string({
  unit: fc.constantFrom('a', 'b', 'é', '\uffff', '\u{1f600}'),
  maxLength: 3,
})
const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined })

function contains({ start, end }: ByteRange, key: Uint8Array): boolean {
  return (
    (start === undefined || compareBytes(start, key) <= 0) &&
    (end === undefined || compareBytes(key, end) < 0)
  )
}

function startsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  return key.length >= prefix.length && prefix.every((byte, i) => key[i] === byte)
}

test('encodeRange: holds exactly the integers from start up to end', () => {
  const small = fc.bigInt({ min: 0n, max: 40n })
  fc.assert(
    fc.property(optional(small), optional(small), small, (start, end, key) => {
      const range = encodeRange({ start, end }, 'u64be', 'test')
      const expected = (start === undefined || key >= start) && (end === undefined || key < end)
      assert.equal(contains(range, encodeKey(key, 'u64be', 'test')), expected)
    }),
  )
})

test('encodeRange: holds exactly the byte strings within bounds and prefix', () => {
  const ranges = fc.record({
    start: optional(byteString),
    end: optional(byteString),
    prefix: optional(byteString),
  })
  fc.assert(
    fc.property(ranges, byteString, (range, key) => {
      const { start, end, prefix } = range
      const expected =
        (start === undefined || compareBytes(key, start) >= 0) &&
        (end === undefined || compareBytes(key, end) < 0) &&
        (prefix === undefined || startsWith(key, prefix))
      assert.equal(contains(encodeRange(range, 'raw', 'test'), key), expected)
    }),
    { numRuns: 2000 },
  )
})

test('encodeRange: a text prefix holds exactly the texts that begin with it', () => {
  fc.assert(
    fc.property(shortText, shortText, (prefix, key) => {
      const range = encodeRange({ prefix }, 'utf8', 'test')
      assert.equal(contains(range, encodeKey(key, 'utf8', 'test')), key.startsWith(prefix))
    }),
    { numRuns: 1000 },
  )
})

test('encodeRange: an empty range ends where it starts', () => {
  const range = encodeRange({ start: 9n, end: 3n }, 'u64be', 'test')
  assert.deepEqual(range.end, range.start)
  const disjoint = encodeRange({ prefix: 'b', end: 'a' }, 'utf8', 'test')
  assert.deepEqual(disjoint.end, disjoint.start)
})

test('encodeRange: no range, no bounds and an empty prefix mean everything', () => {
  assert.deepEqual(encodeRange(undefined, 'u64be', 'test'), {})
  for (const range of [{}, { start: undefined, end: undefined }]) {
    assert.deepEqual(encodeRange(range, 'u64be', 'test'), { start: undefined, end: undefined })
  }
  assert.ok(contains(encodeRange({ prefix: '' }, 'utf8', 'test'), new Uint8Array(0)))
})

test('encodeRange: integer keys take a prefix of bytes, not of text', () => {
  const range = encodeRange({ prefix: Uint8Array.of(0, 1) }, 'u32be', 'test')
  assert.ok(contains(range, encodeKey(0x0001_ffff, 'u32be', 'test')))
  assert.ok(!contains(range, encodeKey(0x0002_0000, 'u32be', 'test')))
  const expected = failure('SHARD_INVALID_KEY', 'ValueError')
  assert.throws(() => encodeRange({ prefix: '1' }, 'u64be', 'test'), expected)
})

test('encodeRange: bounds are look-up keys, ready-made bytes included', () => {
  const bytes = Uint8Array.of(0, 0, 0, 5)
  assert.deepEqual(encodeRange({ start: bytes, end: 9 }, 'u32be', 'test'), {
    start: bytes,
    end: Uint8Array.of(0, 0, 0, 9),
  })
})

test('encodeRange: names the bound that is wrong', () => {
  assert.throws(() => encodeRange({ end: -1 }, 'u64be', 'scanIter'), {
    code: 'SHARD_INVALID_KEY',
    message: 'scanIter: end: a u64be key must be in 0 to 2^64-1, got -1',
  })
})

test('encodeRange: refuses unknown fields instead of scanning everything', () => {
  assert.throws(() => encodeRange({ gte: 1 } as KeyRange, 'u64be', 'scanIter'), {
    code: 'SHARD_INVALID_OPTION',
    message: 'scanIter: unknown option "gte"; the options are start, end, prefix',
  })
})

test('prefixEnd: nothing follows a prefix of 0xff bytes only', () => {
  assert.equal(prefixEnd(Uint8Array.of(0xff, 0xff)), undefined)
  assert.equal(prefixEnd(new Uint8Array(0)), undefined)
  assert.deepEqual(prefixEnd(Uint8Array.of(1, 0xff)), Uint8Array.of(2))
})
