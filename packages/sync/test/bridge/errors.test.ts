import assert from 'node:assert/strict'
import { test } from 'node:test'
import { types } from 'node:util'
import { echoBridge } from '../support/echo-bridge.js'
import { thrownBy } from '@shardyfusion/test-support/throws'

const bridge = echoBridge()
const limits = { where: 'test' }
const fail = (how: 'undefined' | 'text' | 'custom' | 'type' | 'aggregate'): unknown =>
  thrownBy(() => bridge.call('fail', [how], limits))

test('an error comes out with class, message, own fields and cause', () => {
  const error = fail('custom') as Error & Record<string, unknown>
  assert.ok(types.isNativeError(error))
  assert.equal(error.name, 'CustomError')
  assert.equal(error.message, 'custom')
  assert.equal(error['code'], 'E_CUSTOM')
  assert.deepEqual(error['details'], { limit: 3n })
  assert.ok(error.cause instanceof RangeError)
  assert.equal(error.cause.message, 'inner')
})

test('what cannot leave the thread is said in its place', () => {
  const error = fail('custom') as Record<string, unknown>
  assert.match(String(error['help']), /function that cannot leave its thread/)
})

test('the stack tells of both threads', () => {
  const { stack = '' } = fail('type') as Error
  assert.match(stack, /^TypeError: bad type\n\s+at .*echo-calls/)
  assert.match(stack, /--- in the worker, called by ---\n(?:.*\n)*.*errors\.test/)
})

test('classes of JavaScript stay what they are', () => {
  assert.ok(fail('type') instanceof TypeError)
  const many = fail('aggregate') as AggregateError
  assert.ok(many instanceof AggregateError)
  assert.ok(many.errors[0] instanceof RangeError)
  assert.equal(many.errors[1], 2)
})

test('what is thrown need not be an error', () => {
  assert.equal(fail('undefined'), undefined)
  assert.equal(fail('text'), 'text')
})

test('a result that cannot be cloned is an error, and the next call works', () => {
  const error = thrownBy(() => bridge.call('uncloneable', [], limits))
  assert.ok(error instanceof DOMException)
  assert.equal(error.name, 'DataCloneError')
  assert.equal(bridge.call('value', [42n], limits), 42n)
})

test('an argument that cannot be cloned is an error, and the next call works', () => {
  const error = thrownBy(() => bridge.call('value', [() => 1], limits))
  assert.equal((error as Error).name, 'DataCloneError')
  assert.deepEqual(bridge.call('value', [new Map([[1, 'a']])], limits), new Map([[1, 'a']]))
})

test('an aborted signal is honoured before the call', () => {
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  assert.equal(
    thrownBy(() => bridge.call('value', [1], { where: 'test', signal })),
    reason,
  )
})
