import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareUtf8 } from '#dist/text/compare-utf8.js'

test('compareUtf8: orders as the UTF-8 bytes do', () => {
  const unit = fc.oneof(
    fc.constantFrom('a', '-', '/', '\u{7f}', 'é', '\u{7ff}', '\u{800}', '\u{d7ff}', '\u{e000}'),
    fc.constantFrom('\u{ffff}', '\u{10000}', '\u{1f600}', '\u{1f601}', '\u{10ffff}'),
  )
  const word = fc.array(unit, { maxLength: 5 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(word, word, (a, b) => {
      assert.equal(Math.sign(compareUtf8(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }),
    { numRuns: 2000 },
  )
})
