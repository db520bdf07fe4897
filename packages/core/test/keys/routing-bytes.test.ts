import assert from 'node:assert/strict'
import { test } from 'node:test'
import { routingBytes } from '#dist/keys/routing-bytes.js'
import fc from 'fast-check'
import { failure, hex, label, untag, vectors } from '../support/key-vectors.js'

const invalid = failure('SHARD_INVALID_KEY', 'ValueError')

test('routingBytes: gives the canonical bytes of the vectors', () => {
  let checked = 0
  for (const vector of vectors.routing) {
    if (vector.type === 'bool') continue
    assert.equal(hex(routingBytes(untag(vector), 'test')), vector.canonical_hex, label(vector))
    checked++
  }
  assert.ok(checked > 40)
})

test('routingBytes: refuses what the vectors refuse', () => {
  for (const vector of vectors.routing_errors) {
    // JavaScript cannot tell 1.0 from 1.
    if (vector.type === 'float' && vector.value === '1.0') continue
    assert.throws(() => routingBytes(untag(vector), 'test'), invalid, label(vector))
  }
})

test('routingBytes: refuses values that are no exact integers or no keys', () => {
  const bad: unknown[] = [
    NaN,
    Infinity,
    -Infinity,
    2 ** 53,
    -(2 ** 53),
    0.1,
    true,
    undefined,
    {},
    [1],
  ]
  for (const value of bad) assert.throws(() => routingBytes(value as never, 'test'), invalid)
})

test('routingBytes: refuses lone surrogates and keeps pairs', () => {
  assert.throws(() => routingBytes('a\ud800', 'test'), invalid)
  assert.throws(() => routingBytes('\udc00\ud800', 'test'), invalid)
  assert.equal(hex(routingBytes('\ud83d\ude00', 'test')), 'f09f9880')
})

test('routingBytes: names the caller and what to do about a big number', () => {
  assert.throws(
    () => routingBytes(2 ** 53, 'SnapshotReader.get'),
    /^ShardyfusionError: SnapshotReader\.get: .*pass it as a bigint$/,
  )
})

test('routingBytes: takes -0 as 0', () => {
  assert.equal(hex(routingBytes(-0, 'test')), '0000000000000000')
})

test('routingBytes: numbers and bigints of equal value give equal bytes', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (n) => {
      assert.deepEqual(routingBytes(n, 'test'), routingBytes(BigInt(n), 'test'))
    }),
  )
})
