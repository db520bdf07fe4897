import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EntryChunk } from '@shardyfusion/core'
import { packEntries } from '@shardyfusion/core/extend'
import type { ChunkSource } from '#dist/chunk/chunk-source.js'
import { aheadBytes } from '#dist/read/scan/read-ahead.js'
import { ConcatSource } from '#dist/read/scan/concat-source.js'
import { MergeSource } from '#dist/chunk/merge-source.js'

/** A source of entries `first`, `first + step`, … whose calls are written down. */
function numbers(first: number, count: number, step = 1) {
  const asked: number[] = []
  const given: EntryChunk[] = []
  let next = 0
  const source: ChunkSource = {
    nextChunk: async (max) => {
      asked.push(max)
      if (next === count) return undefined
      const end = Math.min(count, next + max)
      const chunk = packEntries(
        Array.from({ length: end - next }, (_, i) => {
          const key = Buffer.alloc(8)
          key.writeBigUInt64BE(BigInt(first + step * (next + i)))
          return [key, Uint8Array.of(1, 2, 3)] as const
        }),
      )
      next = end
      given.push(chunk)
      return chunk
    },
    close: async () => {},
  }
  return { source, asked, given }
}

async function drain(source: ChunkSource, max: number): Promise<EntryChunk[]> {
  const chunks: EntryChunk[] = []
  for (let chunk = await source.nextChunk(max); chunk; chunk = await source.nextChunk(max)) {
    assert.ok(chunk.count > 0 && chunk.count <= max)
    chunks.push(chunk)
  }
  return chunks
}

function keysOf(chunks: readonly EntryChunk[]): number[] {
  return chunks.flatMap((chunk) =>
    Array.from(chunk, ([key]) => Number(Buffer.from(key).readBigUInt64BE())),
  )
}

test('sources of ranges that do not overlap give their chunks on without a copy', async () => {
  const low = numbers(0, 5_000)
  const high = numbers(5_000, 5_000)
  const merge = new MergeSource([high.source, low.source], { reverse: false, concurrency: 2 })
  const chunks = await drain(merge, 1 << 20)
  assert.deepEqual(
    keysOf(chunks),
    Array.from({ length: 10_000 }, (_, i) => i),
  )
  const passedOn = [...low.given, ...high.given].filter((chunk) => chunks.includes(chunk))
  assert.ok(passedOn.length >= 4, `${passedOn.length} chunks were passed on`)
})

test('interleaved sources are asked for more each time, up to their share', async () => {
  const all = Array.from({ length: 8 }, (_, i) => numbers(i, 8_000, 8))
  const merge = new MergeSource(
    all.map(({ source }) => source),
    { reverse: false, concurrency: 8 },
  )
  const chunks = await drain(merge, 1_000)
  assert.deepEqual(
    keysOf(chunks),
    Array.from({ length: 64_000 }, (_, i) => i),
  )
  for (const { asked } of all) {
    assert.deepEqual(asked.slice(0, 6), [64, 128, 256, 512, 1_024, 2_048])
    assert.equal(Math.max(...asked), 2_048)
  }
})

test('sources of large entries are asked for few', async () => {
  const all = [numbers(0, 100), numbers(1_000, 100)]
  const merge = new MergeSource(
    all.map(({ source }) => source),
    { reverse: false, concurrency: 2, entryBytes: 1024 * 1024 },
  )
  await merge.nextChunk(1)
  assert.deepEqual(
    all.map(({ asked }) => asked[0]),
    [1, 1],
  )
  await merge.close()
})

test('one source after the other keeps to what is asked, also of chunks that were fetched ahead', async () => {
  const all = Array.from({ length: 5 }, (_, i) => numbers(100 * i, 100))
  const concat = new ConcatSource(
    all.map(({ source }) => source),
    2,
  )
  const sizes = [200, 30, 7, 64, 1, 500, 3]
  const chunks: EntryChunk[] = []
  for (let call = 0; ; call++) {
    const max = sizes[call % sizes.length]!
    const chunk = await concat.nextChunk(max)
    if (chunk === undefined) break
    assert.ok(chunk.count > 0 && chunk.count <= max)
    chunks.push(chunk)
  }
  assert.deepEqual(
    keysOf(chunks),
    Array.from({ length: 500 }, (_, i) => i),
  )
})

test('a source is started ahead of its turn once one has ended, not before', async () => {
  const all = Array.from({ length: 4 }, (_, i) => numbers(100 * i, 100))
  const concat = new ConcatSource(
    all.map(({ source }) => source),
    3,
  )
  const started = (): number => all.filter(({ asked }) => asked.length > 0).length
  await concat.nextChunk(50)
  await concat.nextChunk(50)
  assert.equal(started(), 1)
  await concat.nextChunk(50)
  assert.equal(started(), 3)
  await concat.close()
})

test('scans fetch far ahead, less of each the more there are, and not for a few entries', () => {
  const MIB = 1024 * 1024
  assert.equal(aheadBytes(1, undefined), 16 * MIB)
  assert.equal(aheadBytes(8, undefined), 8 * MIB)
  assert.equal(aheadBytes(8, undefined, 128 * MIB), MIB)
  assert.equal(aheadBytes(8, undefined, 1_024 * MIB), 8 * MIB)
  assert.equal(aheadBytes(1_000, 100_000, MIB), MIB / 4)
  assert.equal(aheadBytes(8, 100), undefined)
})
