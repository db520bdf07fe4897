import assert from 'node:assert/strict'
import { test } from 'node:test'
import { echoBridge } from '../support/echo-bridge.js'
import { runScript } from '../support/run-script.js'
import { thrownBy, throwsWith } from '@shardyfusion/test-support/throws'

const limits = { where: 'test' }
const SOON_MS = 20_000

for (const [how, message] of [
  ['throwLate', /thrown late/],
  ['rejectLate', /rejected late/],
] as const) {
  test(`a worker that dies of an error nobody caught says so to the call (${how})`, () => {
    const bridge = echoBridge()
    const begun = performance.now()
    const error = throwsWith('SHARD_BRIDGE', /ended in this call/, () =>
      bridge.call(how, [], limits),
    )
    assert.match(String(error.cause), message)
    assert.ok(performance.now() - begun < SOON_MS)
    const later = throwsWith('SHARD_BRIDGE', /worker thread/, () =>
      bridge.call('value', [1], limits),
    )
    assert.match(String(later.cause), message)
    assert.equal(bridge.usable, false)
  })
}

test('a worker that exits in a call', () => {
  const bridge = echoBridge()
  const error = throwsWith('SHARD_BRIDGE', /ended in this call/, () =>
    bridge.call('exit', [5], limits),
  )
  assert.match(String(error.cause), /exited with code 5/)
  throwsWith('SHARD_BRIDGE', /worker thread/, () => bridge.call('value', [1], limits))
})

test('a worker that ends without a word', () => {
  const bridge = echoBridge()
  const begun = performance.now()
  throwsWith('SHARD_BRIDGE', /ended before it replied/, () => bridge.call('reallyExit', [], limits))
  assert.ok(performance.now() - begun < SOON_MS)
})

test('a worker whose heap is full: the call fails, or the process ends, but nothing waits', async () => {
  // In a process of its own, since some versions of Node end the whole of it.
  const { code, signal, stdout } = await runScript(
    new URL('../support/heap-child.js', import.meta.url),
  )
  if (code === 0) assert.equal(stdout.trim(), 'SHARD_BRIDGE')
  else assert.ok(signal === 'SIGABRT' || signal === 'SIGTRAP' || code !== null)
})

test('death does not reach other bridges', () => {
  const [one, other] = [echoBridge(), echoBridge()]
  assert.equal(other.call('value', [1], limits), 1)
  thrownBy(() => one.call('reallyExit', [], limits))
  assert.equal(other.call('value', [2], limits), 2)
})
