import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heldMemory } from '@shardyfusion/test-support/held-memory'
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
  const before = await heldMemory()
  const guard = new InterruptGuard()
  try {
    for (let i = 0; i < 200; i++) await guard.race(Promise.resolve(Buffer.alloc(1024 * 1024)))
    const { heap } = await heldMemory()
    assert.ok(heap - before.heap < 50 * 1024 * 1024, `${heap - before.heap} bytes`)
  } finally {
    guard[Symbol.dispose]()
  }
})
