import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EntryChunk, packEntries } from '@shardyfusion/core'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

test('packEntries: keys and values come back as views in order', () => {
  const chunk = packEntries([
    [bytes(1), bytes(10, 11)],
    [bytes(2, 2), bytes()],
    [bytes(3), new Uint8Array(5000).fill(7)],
  ])
  assert.equal(chunk.count, 3)
  assert.deepEqual(chunk.key(1), bytes(2, 2))
  assert.deepEqual(chunk.value(0), bytes(10, 11))
  assert.equal(chunk.value(1).length, 0)
  assert.equal(chunk.value(2).length, 5000)
  assert.equal(chunk.key(0).buffer, chunk.buffer)
  assert.deepEqual([...EntryChunk.fromBuffer(chunk.buffer)], [...chunk])
})
