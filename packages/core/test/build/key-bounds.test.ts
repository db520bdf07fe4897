import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyBounds } from '#dist/build/rows/key-bounds.js'
import { packEntries } from '#dist/chunk/chunk-builder.js'
import { compareBytes } from '#dist/text/bytes.js'
import fc from 'fast-check'

// Few different bytes, so that keys are often equal, begin with each other, or differ behind the eighth byte.
const keys = fc.oneof(
  fc.array(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), { maxLength: 12 }),
  fc.array(fc.constantFrom(0, 255), { minLength: 8, maxLength: 8 }),
)
const batches = fc.array(
  fc.array(
    keys.map((key) => Uint8Array.from(key)),
    { maxLength: 9 },
  ),
  {
    maxLength: 5,
  },
)

test('key bounds: agree with a sort, over all batches', () => {
  fc.assert(
    fc.property(batches, fc.boolean(), (given, sorted) => {
      const all = given.flat()
      if (sorted) all.sort(compareBytes)
      const bounds = new KeyBounds()
      let at = 0
      for (const { length } of given) {
        const chunk = packEntries(all.slice(at, at + length).map((key) => [key, new Uint8Array(3)]))
        at += length
        bounds.add(chunk)
        // Its buffer is used for another batch.
        new Uint8Array(chunk.buffer).fill(0xaa)
      }
      const inOrder = [...all].sort(compareBytes)
      assert.deepEqual(bounds.min, inOrder[0])
      assert.deepEqual(bounds.max, inOrder.at(-1))
      const ascending = all.every((key, i) => i === 0 || compareBytes(key, all[i - 1]!) > 0)
      assert.equal(bounds.ascending, ascending)
    }),
    { numRuns: 1000 },
  )
})
