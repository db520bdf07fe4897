import assert from 'node:assert/strict'
import { test } from 'node:test'
import { soak } from '@shardyfusion/test-support/soak'
import { echoBridge } from '../support/echo-bridge.js'
import { thrownBy, throwsWith } from '@shardyfusion/test-support/throws'

/** Calls that race their deadline. */
const RACES = soak(400, 3000)
const limits = { where: 'test' }

test('a call that hangs is given up after its time, and the bridge stays usable', () => {
  const bridge = echoBridge()
  const begun = performance.now()
  const error = throwsWith('SHARD_TIMEOUT', /test: no reply within 50 ms.*timeoutMs/, () =>
    bridge.call('hang', [], { where: 'test', timeoutMs: 50 }),
  )
  assert.ok(performance.now() - begun >= 49)
  assert.equal(error.retryable, true)
  assert.equal(error.details['timeoutMs'], 50)
  assert.equal(bridge.call('value', [1], limits), 1)
})

test('a call that is given up is aborted in the worker', () => {
  const bridge = echoBridge()
  throwsWith('SHARD_TIMEOUT', /./, () =>
    bridge.call('untilAborted', [], { where: 'test', timeoutMs: 20 }),
  )
  assert.match(bridge.call('abortedFor', [], limits), /no reply within 20 ms/)
})

test('calls racing their deadline either answer or expire, and never answer the next one', () => {
  const bridge = echoBridge()
  let expired = 0
  for (let i = 0; i < RACES; i++) {
    const timeoutMs = 1 + (i % 3)
    try {
      assert.equal(bridge.call('after', [1 + (i % 2)], { where: 'test', timeoutMs }), 1 + (i % 2))
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'SHARD_TIMEOUT')
      expired++
    }
    assert.equal(bridge.call('value', [i], limits), i)
  }
  assert.ok(expired > 0 && expired < RACES, `${expired} of ${RACES} expired`)
})

test('an endless loop in the worker is given up; the bridge then answers nobody', () => {
  const bridge = echoBridge()
  throwsWith('SHARD_TIMEOUT', /within 40 ms/, () =>
    bridge.call('spinForever', [], { where: 'test', timeoutMs: 40 }),
  )
  throwsWith('SHARD_TIMEOUT', /within 40 ms/, () =>
    bridge.call('value', [1], { where: 'test', timeoutMs: 40 }),
  )
  // Bounded, too; and this process must end although the worker never will by itself.
  bridge.quiesce(50)
  assert.equal(
    (thrownBy(() => bridge.call('value', [1], limits)) as { code: string }).code,
    'SHARD_BRIDGE',
  )
})
