import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { md5 } from '#dist/store/s3/wire/md5.js'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('md5: is that of OpenSSL', () => {
  // All lengths around the ends of blocks, as views that do not begin at 0.
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length: length + 3 }, (_, i) => i * 7).subarray(3)
    assert.equal(hex(md5(bytes)), createHash('md5').update(bytes).digest('hex'), `${length}`)
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
      assert.equal(hex(md5(bytes)), createHash('md5').update(bytes).digest('hex'))
    }),
  )
})
