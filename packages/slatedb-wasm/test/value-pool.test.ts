import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { ValuePool } from '#dist/value-pool.js'

const source = Uint8Array.from({ length: 70_000 }, (_, i) => i % 253)

test('copies of any length are right, and no two share a byte', () => {
  const pool = new ValuePool()
  const copies: { at: number; copy: Uint8Array }[] = []
  for (let length = 0; length < 20_000; length += length < 1_200 ? 7 : 4_001) {
    const at = (length * 31) % 50_000
    copies.push({ at, copy: pool.copy(source, at, length) })
  }
  for (const { at, copy } of copies) {
    assert.deepEqual(copy, source.slice(at, at + copy.length))
    copy.fill(255)
  }
  for (const { copy } of copies) assert.ok(copy.every((byte) => byte === 255))
  const again = pool.copy(source, 5, 100)
  assert.deepEqual(again, source.slice(5, 105))
})

test('to transfer one value takes no value from others', () => {
  const pool = new ValuePool()
  assert.equal(pool.copy(source, 0, 100).buffer.byteLength, 100, 'the first has its own buffer')
  const [one, other] = [pool.copy(source, 0, 100), pool.copy(source, 100, 100)]
  const { port1, port2 } = new MessageChannel()
  try {
    // Node 20 copies the buffer, later versions refuse.
    port1.postMessage(one, [one.buffer])
    assert.deepEqual(receiveMessageOnPort(port2)?.message, one)
  } catch (error) {
    assert.equal((error as Error).name, 'DataCloneError')
  } finally {
    port1.close()
  }
  assert.deepEqual(one, source.slice(0, 100))
  assert.deepEqual(other, source.slice(100, 200))
  assert.deepEqual(pool.copy(source, 200, 100), source.slice(200, 300))
})

test('a value that is kept holds at most 32 KiB, and from 4 KiB on only itself', () => {
  const pool = new ValuePool()
  for (const length of [65, 100, 1024, 1025, 4096, 4097, 8192, 65_536]) {
    const buffers = new Set<ArrayBufferLike>()
    let held = 0
    for (let i = 0; i < 100; i++) {
      const { buffer } = pool.copy(source, i, length)
      held = Math.max(held, buffer.byteLength)
      buffers.add(buffer)
    }
    if (length > 4096) assert.equal(held, length)
    else assert.equal(held, length > 1024 ? 32_768 : 16_384)
    assert.ok(length > 4096 ? buffers.size === 100 : buffers.size <= 16, `${buffers.size} buffers`)
  }
})
