import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Key } from '@shardyfusion/core'
import { encodeOwnLookupKey } from '@shardyfusion/core/internal'
import fc from 'fast-check'
import {
  decodeKeyRequest,
  decodeKeysRequest,
  decodeValues,
  encodeKeyRequest,
  encodeKeysRequest,
  encodeValues,
  keyOf,
  wireKey,
} from '#dist/protocol/frame.js'

const integers = fc.oneof(fc.maxSafeNat(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
const words = fc.string({ unit: 'grapheme', maxLength: 200 })
const someBytes = fc.uint8Array({ maxLength: 300 })
const handle = fc.integer({ min: 0, max: 0xffff_ffff })

const u64be = (key: Key) => wireKey(key, encodeOwnLookupKey(key, 'u64be', 'test'))
const utf8 = (key: Key) => wireKey(key, encodeOwnLookupKey(key, 'utf8', 'test'))
/** A number and a bigint of the same value are one key. */
const same = (key: Key): unknown => (typeof key === 'number' ? BigInt(key) : key)

test('a key arrives as the one that was sent', () => {
  fc.assert(
    fc.property(
      handle,
      fc.oneof(integers.map(u64be), words.map(utf8), someBytes.map(utf8)),
      (id, key) => {
        const { request, length } = encodeKeyRequest(id, key)
        const arrived = decodeKeyRequest(request.slice(0, length))
        assert.equal(arrived.handle, id)
        assert.equal(arrived.key.kind, key.kind)
        assert.deepEqual(arrived.key.bytes, key.bytes)
      },
    ),
  )
})

test('integers, text and bytes come out as what the caller gave', () => {
  fc.assert(fc.property(integers, (key) => assert.equal(same(keyOf(u64be(key))), same(key))))
  fc.assert(fc.property(words, (key) => assert.equal(keyOf(utf8(key)), key)))
  fc.assert(fc.property(someBytes, (key) => assert.deepEqual(keyOf(utf8(key)), key)))
  assert.equal(keyOf(wireKey(7, encodeOwnLookupKey(7, 'u32be', 'test'))), 7)
})

test('many keys arrive in order', () => {
  fc.assert(
    fc.property(handle, fc.array(fc.oneof(words, someBytes)), (id, keys) => {
      const arrived = decodeKeysRequest(encodeKeysRequest(id, keys.map(utf8)))
      assert.equal(arrived.handle, id)
      assert.deepEqual(arrived.keys.map(keyOf), keys)
    }),
  )
})

test('values arrive in order, missing and empty ones told apart', () => {
  fc.assert(
    fc.property(fc.array(fc.option(someBytes, { nil: undefined })), (values) => {
      const arrived = decodeValues(encodeValues(values), values.length)
      assert.deepEqual(arrived, values)
    }),
  )
})

test('a value that is kept does not keep the others in memory', () => {
  const [value] = decodeValues(encodeValues([Uint8Array.of(1), new Uint8Array(100_000)]), 2)
  assert.equal(value!.buffer.byteLength, 1)
})
