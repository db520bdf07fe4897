import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ShardyfusionError } from '@shardyfusion/core'
import * as factories from '#dist/errors/error-factories.js'

const { busy, invalidOption, timeout } = factories

test('error factories: message, code and peer come from where, problem and the factory', () => {
  const error = invalidOption('openThing', 'size must be 1 or more (bytes), got 0')
  assert.ok(error instanceof ShardyfusionError)
  assert.equal(error.message, 'openThing: size must be 1 or more (bytes), got 0')
  assert.equal(error.code, 'SHARD_INVALID_OPTION')
  assert.equal(error.retryable, false)
  assert.deepEqual(error.details, { peer: 'ConfigValidationError' })
  assert.equal('cause' in error, false)
})

test('error factories: the facts of one error win over the defaults', () => {
  const cause = new Error('below')
  const error = timeout('get', 'no answer within 5 ms', {
    peer: 'PoolExhaustedError',
    retryable: false,
    details: { timeoutMs: 5 },
    cause,
  })
  assert.equal(error.retryable, false)
  assert.deepEqual(error.details, { peer: 'PoolExhaustedError', timeoutMs: 5 })
  assert.equal(error.cause, cause)
  assert.equal(timeout('get', 'no answer').retryable, true)
})

test('error factories: an error that Python does not have names no peer', () => {
  assert.deepEqual(invalidOption('open', 'is wrong', { peer: null }).details, {})
  assert.deepEqual(busy('next', 'wait', { details: { runId: 'r' } }).details, { runId: 'r' })
})

test('error factories: each has a code of its own', () => {
  const codes = Object.values(factories).map((make) => make('a', 'b').code)
  assert.equal(new Set(codes).size, codes.length)
})
