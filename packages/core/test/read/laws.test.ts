import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Entry,
  type EntryChunk,
  type KeyRange,
  MemoryStore,
  SnapshotReader,
  SnapshotWriter,
  type SnapshotReaderOptions,
} from '@shardyfusion/core'
import { packEntries } from '@shardyfusion/core/extend'
import * as fc from 'fast-check'
import type { ChunkSource } from '#dist/chunk/chunk-source.js'
import { MergeSource } from '#dist/chunk/merge-source.js'
import { objectEngine } from '../support/object-engine.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { watchedEngine } from '../support/watched-engine.js'

// Few distinct bytes, so that keys share prefixes and sources share keys.
const key = fc.uint8Array({ minLength: 1, maxLength: 4, max: 3 }).map((bytes) =>
  // The edges of a byte, too.
  bytes.map((byte) => [0x00, 0x01, 0x7f, 0xff][byte]!),
)

// The first eight bytes are compared as numbers, the rest one by one.
const longKey = fc.tuple(fc.constantFrom(5, 6, 7, 8), key).map(([same, end]) => {
  const bytes = new Uint8Array(same + end.length).fill(0xff)
  bytes.set(end, same)
  return bytes
})

const compare = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b)

/** Gives the entries in chunks of the sizes, over and over. */
function sourceOf(entries: readonly Entry[], sizes: readonly number[]): ChunkSource {
  let at = 0
  let call = 0
  return {
    nextChunk: async (max): Promise<EntryChunk | undefined> => {
      if (at >= entries.length) return undefined
      const size = Math.min(max, sizes[call++ % sizes.length]!)
      const chunk = packEntries(entries.slice(at, at + size))
      at += size
      return chunk
    },
    close: async () => {},
  }
}

test('MergeSource: sorted sources, merged, are their sorted concatenation', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.oneof(key, longKey), { maxLength: 30 }), { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      async (lists, sourceSizes, askedSizes, reverse) => {
        const ordered = (a: Uint8Array, b: Uint8Array): number =>
          reverse ? compare(b, a) : compare(a, b)
        // Each value says which source it is from and where it stood there.
        const sources = lists.map((list, source) =>
          list.toSorted(ordered).map((k, i): Entry => [k, Uint8Array.of(source, i)]),
        )
        const merge = new MergeSource(
          sources.map((entries) => sourceOf(entries, sourceSizes)),
          { reverse, concurrency: 3 },
        )
        const merged: Entry[] = []
        for (let call = 0; ; call++) {
          const asked = askedSizes[call % askedSizes.length]!
          const chunk = await merge.nextChunk(asked)
          if (chunk === undefined) break
          assert.ok(chunk.count > 0 && chunk.count <= asked)
          merged.push(...chunk)
        }
        // toSorted is stable: of equal keys, that of the first source comes first, in both directions.
        assert.deepEqual(
          merged,
          sources.flat().toSorted((a, b) => ordered(a[0], b[0])),
        )
        assert.equal(await merge.nextChunk(1), undefined)
      },
    ),
    { numRuns: 300 },
  )
})

const rows = fc.array(fc.tuple(key, fc.uint8Array({ maxLength: 12 })), { maxLength: 60 })
const bound = fc.option(key, { nil: undefined })
const range: fc.Arbitrary<KeyRange> = fc.record({
  start: bound,
  end: bound,
  prefix: fc.option(fc.uint8Array({ maxLength: 2, max: 3 }), { nil: undefined }),
})
const scan = fc.record({
  range,
  reverse: fc.boolean(),
  ordered: fc.boolean(),
  limit: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
  chunkSize: fc.integer({ min: 1, max: 20 }),
})
type Scan = typeof scan extends fc.Arbitrary<infer S> ? S : never

const batching = fc.record({
  maxBatchEntries: fc.integer({ min: 1, max: 50 }),
  maxBatchBytes: fc.integer({ min: 1, max: 400 }),
  maxBufferedBytes: fc.integer({ min: 1, max: 400 }),
  concurrency: fc.integer({ min: 1, max: 4 }),
})
const reading = fc.record({
  maxOpenShards: fc.integer({ min: 1, max: 6 }),
  concurrency: fc.integer({ min: 1, max: 6 }),
})
const world = fc.record({
  rows,
  shards: fc.integer({ min: 1, max: 5 }),
  batching,
  reading,
  scans: fc.array(scan, { minLength: 1, maxLength: 6 }),
  misses: fc.array(key, { maxLength: 5 }),
})
type World = typeof world extends fc.Arbitrary<infer W> ? W : never

/** What a scan must give, from a model that is nothing but a sorted list. */
function expected(model: readonly Entry[], { range: r, reverse }: Scan): Entry[] {
  const start = r.start as Uint8Array | undefined
  const end = r.end as Uint8Array | undefined
  const prefix = r.prefix as Uint8Array | undefined
  const within = model.filter(
    ([k]) =>
      (start === undefined || compare(k, start) >= 0) &&
      (end === undefined || compare(k, end) < 0) &&
      (prefix === undefined || compare(k.subarray(0, prefix.length), prefix) === 0),
  )
  return reverse ? within.reverse() : within
}

async function agrees(
  { rows: written, shards, batching: writing, reading: opened, scans, misses }: World,
  place: Pick<SnapshotReaderOptions, 'prefix' | 'objects' | 'engine'>,
): Promise<void> {
  const writer = await SnapshotWriter.open({
    ...place,
    ...writing,
    sharding: { shards },
    keyEncoding: 'raw',
  })
  for (const [k, value] of written) await writer.put(k, value)
  await writer.publish()

  const latest = new Map(written.map(([k, value]) => [Buffer.from(k).toString('hex'), value]))
  const model = [...latest]
    .map(([hex, value]): Entry => [new Uint8Array(Buffer.from(hex, 'hex')), value])
    .toSorted((a, b) => compare(a[0], b[0]))
  const valueOf = (k: Uint8Array): Uint8Array | undefined =>
    latest.get(Buffer.from(k).toString('hex'))

  const reader = await SnapshotReader.open({ ...place, ...opened })
  try {
    const asked = [...written.map(([k]) => k), ...misses]
    assert.deepEqual(await reader.getMany(asked), asked.map(valueOf))
    assert.deepEqual(await Promise.all(asked.map((k) => reader.get(k))), asked.map(valueOf))
    for (const one of scans) {
      const { range: r, ordered, reverse, limit, chunkSize } = one
      const found: Entry[] = []
      for await (const entry of reader.scanIter(r, { ordered, reverse, limit, chunkSize })) {
        found.push(entry)
      }
      const all = expected(model, one)
      const count = Math.min(limit ?? all.length, all.length)
      assert.equal(found.length, count)
      if (ordered) assert.deepEqual(found, all.slice(0, count))
      else if (count === all.length) {
        const direction = reverse ? -1 : 1
        const sorted = found.toSorted((a, b) => direction * compare(a[0], b[0]))
        assert.deepEqual(sorted, all)
      } else for (const [k, value] of found) assert.deepEqual(valueOf(k), value)
    }
  } finally {
    await reader.close()
  }
}

test('a snapshot agrees with a map, whatever the batching, the pool and the ranges', async () => {
  let run = 0
  await fc.assert(
    fc.asyncProperty(world, async (w) => {
      const engine = watchedEngine(objectEngine())
      await agrees(w, { prefix: `memory://laws/${run++}`, objects: new MemoryStore(), engine })
      assert.ok(engine.counts.mostReaders <= w.reading.maxOpenShards)
      const { writers, readers, scans } = engine.counts
      assert.deepEqual({ writers, readers, scans }, { writers: 0, readers: 0, scans: 0 })
    }),
    { numRuns: 200 },
  )
})

for (const engine of ['native', 'wasm'] as const) {
  test(`the same on the ${engine} engine and files`, async () => {
    const root = tempPrefix()
    let run = 0
    await fc.assert(
      fc.asyncProperty(world, (w) => agrees(w, { prefix: `${root}/${run++}`, engine })),
      { numRuns: 8 },
    )
  })
}
