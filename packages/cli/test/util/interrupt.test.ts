import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'node:test'
import { Interrupted, InterruptGuard } from '#dist/util/interrupt.js'

test('InterruptGuard: gives what the promise gives, and Interrupted once the signal has come', async () => {
  const guard = new InterruptGuard()
  try {
    assert.equal(await guard.race(Promise.resolve(1)), 1)
    await assert.rejects(guard.race(Promise.reject(new Error('own'))), /own/)
    const waiting = guard.race(new Promise(() => {}))
    process.emit('SIGINT')
    await assert.rejects(waiting, Interrupted)
    assert.equal(guard.seen, true)
    await assert.rejects(guard.race(new Promise(() => {})), Interrupted)
  } finally {
    guard[Symbol.dispose]()
  }
  assert.equal(process.listenerCount('SIGINT'), 0)
})

test('InterruptGuard: keeps nothing of what went through it, so that an input of any size does', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const guard = new InterruptGuard()
  try {
    for (let i = 0; i < 200; i++) await guard.race(Promise.resolve(Buffer.alloc(1024 * 1024)))
    // Buffers are let go of a turn after they were collected.
    for (let i = 0; i < 3; i++) {
      collect()
      await new Promise((resolve) => setImmediate(resolve))
    }
    const { arrayBuffers } = process.memoryUsage()
    assert.ok(arrayBuffers < 50 * 1024 * 1024, `${arrayBuffers} bytes`)
  } finally {
    guard[Symbol.dispose]()
  }
})
