import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChunkBuilder, EntryChunk, packEntries } from '@shardyfusion/core/extend'

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

test('ChunkBuilder: one huge value does not make the chunks after it huge', () => {
  const builder = new ChunkBuilder()
  const key = new Uint8Array([1])
  builder.push(key, new Uint8Array(20_000_000))
  assert.equal(builder.finish().byteLength, 20_000_001)
  builder.push(key, key)
  assert.ok(builder.finish().buffer.byteLength < 5_000_000)
  builder.push(key, key)
  assert.ok(builder.finish().buffer.byteLength < 5_000)
})
