import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { servingFile, workerFile } from '../support/broken-workers.js'
import { echoBridge } from '../support/echo-bridge.js'
import { throwsWith } from '@shardyfusion/test-support/throws'

const limits = { where: 'test' }
/** Generous: what is tested is that it does not take the 30 seconds of the start, or for ever. */
const SOON_MS = 20_000

function failsSoon(workerUrl: URL, message: RegExp): Error & { details: object } {
  const begun = performance.now()
  const bridge = echoBridge({ workerUrl })
  const error = throwsWith('SHARD_BRIDGE', message, () => bridge.call('value', [1], limits))
  assert.ok(performance.now() - begun < SOON_MS)
  assert.equal(bridge.usable, false)
  throwsWith('SHARD_BRIDGE', message, () => bridge.call('value', [1], limits))
  return error
}

test('a worker file that is missing', () => {
  failsSoon(new URL('./no-such-worker.js', import.meta.url), /ended while it started/)
})

test('a worker file that is no JavaScript', () => {
  failsSoon(workerFile('this is no JavaScript'), /ended while it started/)
})

test('a worker that throws when loaded', () => {
  failsSoon(workerFile(`throw new Error('at the top')`), /ended while it started/)
})

test('what the worker loads cannot be found: the reason is the cause', () => {
  const { cause } = failsSoon(servingFile(`() => import('no-such-package')`), /failed to start/)
  assert.match(String(cause), /no-such-package/)
})

test('what the worker loads throws: the reason is the cause', () => {
  const { cause } = failsSoon(
    servingFile(`async () => { throw new RangeError('while loading') }`),
    /failed to start/,
  )
  assert.ok(cause instanceof RangeError)
})

test('what the worker loads exits', () => {
  failsSoon(servingFile(`async () => process.exit(3)`), /ended while it started/)
})

test('a worker whose start hangs is given up, and does not keep the process', () => {
  for (const workerUrl of [
    servingFile('() => new Promise(() => setInterval(() => {}, 1000))'),
    workerFile('setInterval(() => {}, 1000); await new Promise(() => {})'),
    servingFile('() => { for (;;); }'),
  ]) {
    const bridge = echoBridge({ workerUrl, startTimeoutMs: 300 })
    throwsWith('SHARD_BRIDGE', /did not start within 300 ms/, () =>
      bridge.call('value', [1], limits),
    )
  }
})

test('a worker that ends while nobody waits is found out at the next call', async () => {
  const bridge = echoBridge({ workerUrl: workerFile('process.exit(0)') })
  await delay(500)
  throwsWith('SHARD_BRIDGE', /ended|exited/, () => bridge.call('value', [1], limits))
})
