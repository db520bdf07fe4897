import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ShardyfusionError } from '@shardyfusion/core'
import { paintFor } from '#dist/output/style.js'
import { describeError, errorRecord } from '#dist/util/describe-error.js'
import { Failure } from '#dist/util/usage-error.js'

const plain = paintFor(false)

function failed(cause: unknown): ShardyfusionError {
  return new ShardyfusionError('SHARD_STORE', 'S3Store.get: it failed; see the cause', { cause })
}

test('describeError: shows the chain of causes without --verbose, without stacks and secrets', async () => {
  const root = new Error(
    'GET https://user:hunter2@host/x?X-Amz-Signature=abc: token=s3cr3t refused',
  )
  const text = await describeError(
    failed(new TypeError('fetch failed', { cause: root })),
    false,
    plain,
  )
  assert.equal(
    text,
    'shardy: SHARD_STORE S3Store.get: it failed; see the cause\n' +
      '  caused by: TypeError: fetch failed\n' +
      '  caused by: Error: GET https://***@host/x?*** token=*** refused\n',
  )
  const { error } = (await errorRecord(failed(root))) as { error: { causes: string[] } }
  assert.equal(error.causes.length, 1)
  assert.doesNotMatch(error.causes[0]!, /hunter2|s3cr3t|abc/)
})

test('describeError: omits a repeated cause, and stops at a cycle of causes', async () => {
  const cause = new Error('ENOENT: no such file')
  const text = await describeError(
    new Failure(`cannot read x: ${cause.message}`, { cause }),
    false,
    plain,
  )
  assert.equal(text, 'shardy: cannot read x: ENOENT: no such file\n')
  const loop = new Error('round')
  loop.cause = loop
  assert.ok((await describeError(failed(loop), true, plain)).split('caused by').length <= 11)
})

test('describeError: shows all causes of an AggregateError, and escapes control characters', async () => {
  const many = new AggregateError(
    [new Error('connect ECONNREFUSED ::1'), new Error('and \u001B[2J\u202E')],
    '',
  )
  const text = await describeError(failed(many), false, plain)
  assert.match(text, /caused by: Error: connect ECONNREFUSED ::1; Error: and \\x1b\[2J\\u202e\n$/)
})
