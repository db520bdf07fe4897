import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { InputDigest } from '#dist/writer/input-digest.js'

function digestOf(...pieces: Uint8Array[]): string {
  const digest = new InputDigest()
  for (const piece of pieces) digest.update(piece)
  return digest.finish()
}

test('InputDigest: where the pieces are cut makes no difference', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60_000, size: 'max' }),
      fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 20 }),
      (bytes, cuts) => {
        const ends = [...cuts.filter((cut) => cut < bytes.length), bytes.length].sort(
          (a, b) => a - b,
        )
        let start = 0
        const pieces = ends.map((end) => bytes.subarray(start, (start = end)))
        assert.equal(digestOf(...pieces), digestOf(bytes))
      },
    ),
    { numRuns: 50 },
  )
})

test('InputDigest: every byte and every place counts', () => {
  const bytes = Uint8Array.from({ length: 40_000 }, (_, i) => i % 251)
  const digests = new Set([digestOf(bytes), digestOf(bytes.subarray(1)), digestOf()])
  for (const at of [0, 1, 16_383, 16_384, 32_767, 32_768, 39_999]) {
    const other = bytes.slice()
    other[at]! ^= 1
    digests.add(digestOf(other))
  }
  assert.equal(digests.size, 10)
  assert.ok([...digests].every((digest) => /^[0-9a-f]{16}$/.test(digest)))
})

test('InputDigest: stays what it is, as records of sealed shards hold it', () => {
  assert.equal(digestOf(new TextEncoder().encode('a row')), '863a602adc8fa748')
  assert.equal(digestOf(new Uint8Array(10_000).fill(7)), '5a7d8b78bdf80f3b')
})
