import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeUrl } from '#dist/text/describe-url.js'

test('describeUrl: shows neither user info nor a query, and not a whole novel', () => {
  assert.equal(describeUrl('s3://b/p@x'), '"s3://b/p@x"')
  assert.equal(
    describeUrl('https://id:secret@host/x?X-Amz-Signature=secret\nsecret'),
    '"https://***@host/x?***"',
  )
  assert.equal(describeUrl('a\u0000b'), '"a\\u0000b"')
  assert.ok(describeUrl(`s3://b/${'x'.repeat(5000)}`).length < 400)
})
