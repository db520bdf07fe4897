import assert from 'node:assert/strict'
import { test } from 'node:test'
import { soak } from '@shardyfusion/test-support/soak'
import { echoBridge } from '../support/echo-bridge.js'
import { thrownBy, throwsWith } from '@shardyfusion/test-support/throws'

const bridge = echoBridge()
const limits = { where: 'test' }
/** Calls of the stress test. */
const CALLS = soak(4000, 50_000)

const pattern = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 0xff)

test('requests and replies of every size arrive whole', () => {
  // Around the sizes of the areas, and where copying by hand and moving begin.
  const edges = [0, 1, 64, 65, 32 * 1024, 32 * 1024 + 1, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1]
  for (const length of [...edges, 1 << 20, 5_000_000]) {
    const bytes = pattern(length, length)
    assert.deepEqual(bridge.callPacked('echo', bytes, limits), bytes, `${length} bytes`)
  }
})

test('a reply is memory of its own', () => {
  const first = bridge.callPacked('echo', Uint8Array.of(1, 2, 3), limits)
  bridge.callPacked('echo', Uint8Array.of(9, 9, 9), limits)
  assert.deepEqual(first, Uint8Array.of(1, 2, 3))
  assert.ok(first.buffer instanceof ArrayBuffer)
  assert.equal(Object.getPrototypeOf(first), Uint8Array.prototype)
})

test('only the first bytes of a request are sent when so many are asked for', () => {
  const bytes = pattern(200_000, 1)
  for (const length of [0, 10, 100, 150_000]) {
    const reply = bridge.callPacked('echo', bytes, limits, length)
    assert.deepEqual(reply, bytes.slice(0, length))
  }
  assert.equal(bytes.length, 200_000)
})

test('many calls of all kinds get their own answers', () => {
  const kinds = ['echo', 'echoSoon', 'echoNextTurn', 'echo', 'echoSoon', 'echoAfter1ms'] as const
  let state = 1
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return state % below
  }
  let expired = 0
  for (let i = 0; i < CALLS; i++) {
    const kind = kinds[random(40) === 0 ? 5 : random(5)]!
    const bytes = pattern(random(20) === 0 ? random(60_000) : random(300), i)
    if (random(50) === 0) {
      // A call that is given up must not leave its reply to the next one.
      throwsWith('SHARD_TIMEOUT', /no reply within 1 ms/, () =>
        bridge.call('after', [60_000], { where: 'test', timeoutMs: 1 }),
      )
      expired++
    }
    assert.deepEqual(bridge.callPacked(kind, bytes, limits), bytes, `call ${i}, ${kind}`)
  }
  assert.ok(expired > 0)
})

test('the event loop of the worker turns while calls come back to back', () => {
  const before = bridge.call('ticks', [], limits)
  const until = performance.now() + 200
  while (performance.now() < until) bridge.callPacked('nothing', new Uint8Array(0), limits)
  assert.ok(bridge.call('ticks', [], limits) > before, 'a timer of 1 ms must have run')
})

test('mail is handed out while a call waits, and before it returns', () => {
  const told: number[] = []
  const id = bridge.newId()
  bridge.listen(id, (body) => told.push(body as number))
  assert.equal(bridge.call('progress', [id, 5], limits), 5)
  assert.deepEqual(told, [0, 1, 2, 3, 4])
  bridge.unlisten(id)
})

test('a listener that throws ends the call with its error; another call inside is refused', () => {
  const id = bridge.newId()
  const reason = new Error('from the listener')
  let inner: unknown
  bridge.listen(id, () => {
    inner = thrownBy(() => bridge.call('value', [1], limits))
    throw reason
  })
  assert.equal(
    thrownBy(() => bridge.call('progress', [id, 5], limits)),
    reason,
  )
  bridge.unlisten(id)
  assert.equal((inner as { code: string }).code, 'SHARD_BUSY')
  assert.equal(bridge.call('value', ['still there'], limits), 'still there')
})

test('a signal aborted by a listener ends the call with its reason', () => {
  const id = bridge.newId()
  const stop = new AbortController()
  const reason = new Error('enough')
  bridge.listen(id, () => stop.abort(reason))
  const { signal } = stop
  assert.equal(
    thrownBy(() => bridge.call('progress', [id, 500], { where: 'test', signal })),
    reason,
  )
  bridge.unlisten(id)
})
