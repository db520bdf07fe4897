import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'node:test'
import { Interrupted, InterruptGuard } from '#dist/util/interrupt.js'

test('InterruptGuard: settles like the promise, and rejects with Interrupted after the signal', async () => {
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

test('InterruptGuard: retains no results, so that an input may have any size', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const guard = new InterruptGuard()
  try {
    for (let i = 0; i < 200; i++) await guard.race(Promise.resolve(Buffer.alloc(1024 * 1024)))
    // Memory of buffers is freed one event loop turn after collection.
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
