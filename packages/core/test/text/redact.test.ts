import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redact } from '#dist/text/redact.js'

const cases: [text: string, redacted: string][] = [
  ['connect postgres://me:hunter2@db/x failed', 'connect postgres://***@db/x failed'],
  ['GET https://host/a?X-Amz-Signature=abc failed', 'GET https://host/a?*** failed'],
  ['password=hunter2, user=me', 'password=***, user=me'],
  ['{"secretAccessKey": "abc", "region":"eu"}', '{"secretAccessKey": ***, "region":"eu"}'],
  ['AWS_SESSION_TOKEN=FwoG/x==; retry', 'AWS_SESSION_TOKEN=***; retry'],
  ['Authorization: Bearer eyJh.b.c', 'Authorization: ***'],
  ['key AKIAIOSFODNN7EXAMPLE is not known', 'key *** is not known'],
  [
    'shard s3://b/run_id=0123456789abcdef0123456789abcdef/db=00001 failed',
    'shard s3://b/run_id=0123456789abcdef0123456789abcdef/db=00001 failed',
  ],
]

for (const [text, redacted] of cases) {
  test(`redact: ${text}`, () => assert.equal(redact(text), redacted))
}

test('redact: cuts long text, in linear time', () => {
  assert.equal(redact('x'.repeat(1e6)).length, 2001)
  assert.equal(redact('//'.repeat(1000)), '//'.repeat(1000))
})
