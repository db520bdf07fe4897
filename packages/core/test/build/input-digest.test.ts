import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packEntries } from '@shardyfusion/core/extend'
import fc from 'fast-check'
import { InputDigest } from '#dist/build/open/input-digest.js'

type Row = readonly [key: Uint8Array, value: Uint8Array]

const utf8 = new TextEncoder()
const rowOf = (key: string, value: string): Row => [utf8.encode(key), utf8.encode(value)]

function digestOf(rows: readonly Row[]): string {
  const digest = new InputDigest()
  for (const [key, value] of rows) digest.add(key, value)
  return digest.finish()
}

const bytes = fc.uint8Array({ maxLength: 3000, size: 'max' })

test('InputDigest: rows alone and in chunks of any size have the same digest', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(bytes, bytes), { maxLength: 40, size: 'max' }),
      fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 8 }),
      (rows, sizes) => {
        const digest = new InputDigest()
        for (let start = 0, turn = 0; start < rows.length; turn++) {
          const end = start + sizes[turn % sizes.length]!
          digest.addChunk(packEntries(rows.slice(start, end)))
          start = end
        }
        assert.equal(digest.finish(), digestOf(rows))
      },
    ),
    { numRuns: 50 },
  )
})

test('InputDigest: other rows with the same bytes have another digest', () => {
  for (const [one, other] of [
    [[rowOf('a', 'bc')], [rowOf('ab', 'c')]],
    [
      [rowOf('a', ''), rowOf('b', 'c')],
      [rowOf('a', 'b'), rowOf('c', '')],
    ],
    [[rowOf('1', '12')], [rowOf('11', '2')]],
    [[], [rowOf('', '')]],
  ] as const) {
    assert.notEqual(digestOf(one), digestOf(other))
  }
  const row = fc.tuple(
    fc.uint8Array({ maxLength: 2, max: 1 }),
    fc.uint8Array({ maxLength: 2, max: 1 }),
  )
  const rows = fc.array(row, { maxLength: 4 })
  fc.assert(
    fc.property(rows, rows, (one, other) => {
      const same = JSON.stringify(one) === JSON.stringify(other)
      assert.equal(digestOf(one) === digestOf(other), same)
    }),
    { numRuns: 2000 },
  )
})

test('InputDigest: every byte and every place counts', () => {
  const value = Uint8Array.from({ length: 40_000 }, (_, i) => i % 251)
  const of = (changed: Uint8Array): string => digestOf([[new Uint8Array(8), changed]])
  const digests = new Set([of(value), of(value.subarray(1)), of(new Uint8Array(0))])
  for (const at of [0, 1, 16_375, 16_376, 16_384, 32_768, 39_999]) {
    const other = value.slice()
    other[at]! ^= 1
    digests.add(of(other))
  }
  assert.equal(digests.size, 10)
  assert.ok([...digests].every((digest) => /^[0-9a-f]{16}$/.test(digest)))
})

test('InputDigest: stays what it is, as records of sealed shards hold it', () => {
  assert.equal(digestOf([rowOf('a row', 'of text')]), '5d6a765e4622743a')
  assert.equal(digestOf([[new Uint8Array(8), new Uint8Array(10_000).fill(7)]]), '183e1e4c146c2a1b')
})
