import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Key, KeyEncoding } from '@shardyfusion/core'
import { decodeKey, encodeKey, encodeLookupKey } from '#dist/keys/stored-bytes.js'
import { compareBytes } from '#dist/text/bytes.js'
import { compareUtf8 } from '#dist/text/compare-utf8.js'
import fc from 'fast-check'
import { failure, hex, label, untag, vectors } from '../support/key-vectors.js'

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const text = fc.string({ unit: 'binary', maxLength: 8 })
const bytes = fc.uint8Array({ maxLength: 8 })

for (const [name, encode, list] of [
  ['encodeKey', encodeKey, vectors.key_encoding_write],
  ['encodeLookupKey', encodeLookupKey, vectors.key_encoding_lookup],
] as const) {
  test(`${name}: agrees with the vectors in bytes and errors`, () => {
    for (const vector of list) {
      // The peer's booleans are integers; here they are no keys (tested below).
      if (vector.type === 'bool' && vector.ok) continue
      const key = untag(vector)
      const what = `${vector.encoding} ${label(vector)}`
      if (vector.ok) assert.equal(hex(encode(key, vector.encoding, 'test')), vector.hex, what)
      else {
        const expected = failure('SHARD_INVALID_KEY', vector.error!)
        assert.throws(() => encode(key, vector.encoding, 'test'), expected, what)
      }
    }
  })
}

test('encodeKey: refuses booleans, unsafe and fractional numbers', () => {
  for (const encoding of ['u64be', 'u32be', 'utf8', 'raw'] as const) {
    for (const bad of [true, NaN, 2 ** 53, 1.5]) {
      const expected = failure('SHARD_INVALID_KEY', 'ConfigValidationError')
      assert.throws(() => encodeKey(bad as never, encoding, 'test'), expected)
    }
  }
})

test('encodeKey: refuses lone surrogates', () => {
  const expected = failure('SHARD_INVALID_KEY', 'ValueError')
  assert.throws(() => encodeKey('\ud800', 'utf8', 'test'), expected)
  assert.throws(() => encodeLookupKey('\udc00', 'raw', 'test'), expected)
})

test('encodeKey: does not put the digits of a huge integer into the message', () => {
  assert.throws(
    () => encodeKey(10n ** 5000n, 'u64be', 'test'),
    (error: Error) => error.message.length < 200,
  )
})

test('encodeKey: number and bigint of equal value store equally', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (n) => {
      assert.deepEqual(encodeKey(n, 'u64be', 'test'), encodeKey(BigInt(n), 'u64be', 'test'))
    }),
  )
  fc.assert(
    fc.property(uint32, (n) => {
      assert.deepEqual(encodeKey(n, 'u32be', 'test'), encodeKey(BigInt(n), 'u32be', 'test'))
    }),
  )
})

test('encodeKey: integers keep their order', () => {
  for (const [encoding, keys] of [
    ['u64be', uint64],
    ['u32be', uint32.map(BigInt)],
  ] as const) {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        const order = compareBytes(encodeKey(a, encoding, 'test'), encodeKey(b, encoding, 'test'))
        assert.equal(Math.sign(order), a < b ? -1 : a > b ? 1 : 0)
      }),
    )
  }
})

test('encodeKey: text keeps the order of its code points', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      const order = Math.sign(
        compareBytes(encodeKey(a, 'utf8', 'test'), encodeKey(b, 'utf8', 'test')),
      )
      assert.equal(order, orderOfCodePoints(a, b))
      assert.equal(Math.sign(compareUtf8(a, b)), order)
    }),
  )
})

test('compareUtf8: puts U+FFFD before U+1F600, unlike <', () => {
  assert.ok(compareUtf8('\ufffd', '\u{1f600}') < 0)
  assert.deepEqual(['\u{1f600}', '\ufffd'].sort(), ['\u{1f600}', '\ufffd'])
})

test('decodeKey: undoes encodeKey', () => {
  const law = (encoding: KeyEncoding, keys: fc.Arbitrary<Key>) =>
    fc.assert(
      fc.property(keys, (key) => {
        assert.deepEqual(decodeKey(encodeKey(key, encoding, 'test'), encoding), key)
      }),
    )
  law('u64be', uint64)
  law('u32be', uint32.map(BigInt))
  law('utf8', text)
  law('raw', bytes)
})

test('decodeKey: keeps a leading byte order mark', () => {
  assert.equal(decodeKey(encodeKey('\ufeffa', 'utf8', 'test'), 'utf8'), '\ufeffa')
})

test('decodeKey: reads a view into a larger buffer', () => {
  const buffer = Uint8Array.of(9, 9, 0, 0, 0, 0, 0, 0, 1, 2, 9)
  assert.equal(decodeKey(buffer.subarray(2, 10), 'u64be'), 258n)
})

test('decodeKey: gives a copy of raw keys', () => {
  const stored = Uint8Array.of(1, 2)
  const key = decodeKey(stored, 'raw') as Uint8Array
  key[0] = 9
  assert.deepEqual(stored, Uint8Array.of(1, 2))
})

test('decodeKey: refuses bytes of another width and text that is not UTF-8', () => {
  const expected = failure('SHARD_INVALID_KEY', 'ValueError')
  assert.throws(() => decodeKey(new Uint8Array(7), 'u64be'), expected)
  assert.throws(() => decodeKey(new Uint8Array(8), 'u32be'), expected)
  assert.throws(() => decodeKey(Uint8Array.of(0xff), 'utf8'), expected)
})

function orderOfCodePoints(a: string, b: string): number {
  const [x, y] = [[...a], [...b]].map((chars) => chars.map((char) => char.codePointAt(0)!))
  for (let i = 0; i < Math.min(x!.length, y!.length); i++) {
    if (x![i] !== y![i]) return Math.sign(x![i]! - y![i]!)
  }
  return Math.sign(x!.length - y!.length)
}
