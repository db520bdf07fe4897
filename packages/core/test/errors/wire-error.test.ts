import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ShardyfusionError } from '@shardyfusion/core'
import {
  decodeError,
  encodeError,
  packErrors,
  unpackErrors,
  type WireError,
} from '#dist/errors/wire-error.js'

const cross = (thrown: unknown): unknown =>
  decodeError(structuredClone<WireError>(encodeError(thrown)))

test('errors of the SDK stay errors of the SDK, with their cause', () => {
  const original = new ShardyfusionError('SHARD_STORE', 'put: no answer', {
    retryable: true,
    details: { peer: 'S3TransientError', attempts: 3n },
    cause: new TypeError('socket', { cause: 'a reset' }),
  })
  const error = cross(original)
  assert.ok(error instanceof ShardyfusionError)
  const { code, retryable, details, message } = original
  assert.deepEqual(
    {
      code: error.code,
      retryable: error.retryable,
      details: error.details,
      message: error.message,
    },
    { code, retryable, details, message },
  )
  assert.ok(error.cause instanceof TypeError)
  assert.equal(error.cause.cause, 'a reset')
  assert.ok(error.stack?.includes('wire-error.test'))
})

test('a function among the details does not cost the others', () => {
  const details = { shard: 3, inner: { limit: 1, help: () => 'text' } }
  const error = cross(new ShardyfusionError('SHARD_ENGINE', 'broken', { details }))
  assert.ok(error instanceof ShardyfusionError)
  const inner = { limit: 1, help: '[function that cannot leave its thread]' }
  assert.deepEqual(error.details, { shard: 3, inner })
})

test('the reason of an aborted signal stays a DOMException', () => {
  const error = cross(AbortSignal.abort().reason)
  assert.ok(error instanceof DOMException)
  assert.equal(error.name, 'AbortError')
})

test('system errors keep their fields', () => {
  const original = Object.assign(new Error('ENOENT: no such file'), {
    code: 'ENOENT',
    errno: -2,
    syscall: 'open',
  })
  const error = cross(original) as NodeJS.ErrnoException
  assert.equal(error.code, 'ENOENT')
  assert.equal(error.errno, -2)
  assert.equal(error.syscall, 'open')
})

test('a chain of causes that never ends is cut', () => {
  const error = new Error('round and round')
  error.cause = error
  let depth = 0
  for (let at = cross(error) as Error | undefined; at !== undefined; at = at.cause as Error) depth++
  assert.ok(depth > 1 && depth < 20)
})

test('values that are no errors cross as they are, or say what they were', () => {
  for (const value of [undefined, null, 0, 'text', 3n, { a: [1] }])
    assert.deepEqual(cross(value), value)
  assert.match(String(cross(() => 1)), /function that cannot leave its thread/)
})

test('errors within a result cross with it', () => {
  const result = {
    shards: [
      { id: 1, error: new ShardyfusionError('SHARD_ENGINE', 'broken') },
      { id: 2, error: undefined },
    ],
    bytes: Uint8Array.of(1, 2),
    rows: 3n,
  }
  const arrived = unpackErrors(structuredClone(packErrors(result))) as typeof result
  assert.ok(arrived.shards[0]!.error instanceof ShardyfusionError)
  assert.equal(arrived.shards[0]!.error.code, 'SHARD_ENGINE')
  assert.deepEqual(arrived.shards[1], { id: 2, error: undefined })
  assert.deepEqual([arrived.bytes, arrived.rows], [result.bytes, 3n])
})
