import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isShardyfusionError, MemoryStore, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { HitChunk, VectorChunk, VectorChunkBuilder } from '@shardyfusion/core/extend'
import { readNpy, sqliteVec, writeNpy } from '@shardyfusion/vector'
import { cpuMs } from '@shardyfusion/test-support/cpu-ms'
import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { soak } from '@shardyfusion/test-support/soak'
import { clustered } from './support/vectors.js'

const DIMENSIONS = 6
const COUNT = 1500
/** No search of so small a file takes more processor time, whatever is in it. */
const BOUND_MS = 10_000

async function built() {
  const objects = new MemoryStore()
  const prefix = 'memory://hostile/x'
  const vectors = clustered(COUNT, DIMENSIONS, 9, 5)
  const published = await writeSnapshot(
    Array.from({ length: COUNT }, (_, id) => id),
    {
      prefix,
      objects,
      sharding: { shards: 1 },
      key: (id) => id,
      value: () => new Uint8Array(5),
      engine: sqliteVec({ index: { lists: 12 } }),
      vector: {
        of: (id) => vectors.subarray(id * DIMENSIONS, (id + 1) * DIMENSIONS),
        payload: (id) => ({ id, text: `payload ${id}` }),
        dimensions: DIMENSIONS,
      },
    },
  )
  return { objects, prefix, url: `${published.shards[0]!.url!}/shard.db` }
}

test('files with changed bytes: an answer or an error of the SDK, in bounded time', async () => {
  const { objects, prefix, url } = await built()
  const whole = (await objects.get(url))!
  const runs = soak(400, 4000)
  const random = seededRandom(4)
  const query = Float32Array.from({ length: DIMENSIONS }, random)
  let failed = 0
  for (let run = 0; run < runs; run++) {
    const file = whole.slice()
    const changes = 1 + Math.floor(random() * 20)
    // Most of the file is vectors; its ends hold the schema, the facts and the interior pages.
    const near = run % 3 === 0 ? whole.length : 40_000
    for (let i = 0; i < changes; i++) {
      const at = Math.floor(random() * near)
      const place = run % 3 === 2 ? whole.length - 1 - at : at
      file[place] = Math.floor(random() * 256)
    }
    await objects.put(
      url,
      run % 10 === 9 ? file.subarray(0, Math.floor(random() * file.length)) : file,
    )
    const startedAt = cpuMs()
    await using reader = await SnapshotReader.open({ prefix, objects })
    const kinds = [
      () => reader.search(query, { exact: true }),
      () => reader.search(query, { recall: 0.5 }),
      () => reader.search(query, { where: 'payload.id < 9' }),
      () => reader.searchLike(3),
    ]
    try {
      const { results } = await kinds[run % kinds.length]!()
      assert.ok(results.length <= 10)
      for (const { score } of results) assert.ok(!Number.isNaN(score))
    } catch (error) {
      assert.ok(isShardyfusionError(error), String((error as Error).stack))
      failed++
    }
    assert.ok(cpuMs() - startedAt < BOUND_MS)
  }
  assert.ok(failed > 0 && failed < runs, `${failed} of ${runs} failed`)
})

test('queries of any kind: an answer or an error of the SDK', async () => {
  const { objects, prefix } = await built()
  await using reader = await SnapshotReader.open({ prefix, objects })
  let asked = 0
  const numbers = fc.array(fc.double(), { minLength: 0, maxLength: 8 })
  const queries = fc.oneof(
    numbers,
    fc.array(fc.double(), { minLength: DIMENSIONS, maxLength: DIMENSIONS }),
    fc.float32Array({ minLength: DIMENSIONS, maxLength: DIMENSIONS }),
    fc.anything(),
  )
  const options = fc.oneof(
    fc.constant(undefined),
    fc.record(
      {
        topK: fc.oneof(fc.integer({ min: -2, max: 2000 }), fc.double(), fc.string()),
        shards: fc.oneof(fc.array(fc.integer({ min: -1, max: 2 })), fc.anything()),
        where: fc.oneof(
          fc.constantFrom('true', 'id < 5', 'payload.id == id', 'payload.x', '1/0 == 1'),
          fc.string(),
        ),
        maxDistance: fc.double(),
        recall: fc.double({ min: -0.5, max: 1.5 }),
        exact: fc.boolean(),
        withValues: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    fc.anything(),
  )
  await fc.assert(
    fc.asyncProperty(queries, options, async (query, o) => {
      const calls = [
        () => reader.search(query as never, o as never),
        () => reader.searchMany([query, query] as never, o as never),
        () => reader.searchChunk(query as never, o as never),
      ]
      try {
        await calls[asked++ % calls.length]!()
      } catch (error) {
        assert.ok(isShardyfusionError(error), String((error as Error).stack))
      }
    }),
    { numRuns: soak(450, 6000) },
  )
})

test('packed chunks and .npy files with changed bytes: read, or refused', () => {
  const builder = new VectorChunkBuilder(3)
  builder.push(7n, [1, 2, 3], new TextEncoder().encode('{}'))
  builder.push('né', [4, 5, 6], undefined)
  const chunk = builder.finish()
  assert.deepEqual([chunk.id(0), chunk.id(1), chunk.payload(1)], [7n, 'né', undefined])
  const hits = HitChunk.pack([[{ id: 7n, score: 0.5, shard: 2, payload: undefined }], []])
  const npy = writeNpy({ rows: 2, columns: 2, values: new Float64Array([1, 2, 3, 4]) })
  const samples = [
    [
      new Uint8Array(chunk.buffer),
      (bytes: Uint8Array<ArrayBuffer>) => {
        const read = VectorChunk.fromBuffer(bytes.buffer)
        for (let i = 0; i < Math.min(read.count, 100); i++)
          void [read.id(i), read.payload(i), read.vector(i)]
      },
    ],
    [
      new Uint8Array(hits.buffer),
      (bytes: Uint8Array<ArrayBuffer>) => {
        const read = HitChunk.fromBuffer(bytes.buffer)
        for (let i = 0; i < Math.min(read.count, 100); i++)
          void [read.id(i), read.payload(i), read.shards[i]]
      },
    ],
    [npy, (bytes: Uint8Array<ArrayBuffer>) => void readNpy(bytes)],
  ] as const
  const random = seededRandom(8)
  for (const [sample, read] of samples) {
    for (let run = 0; run < soak(1000, 5000); run++) {
      const bytes = sample.slice(
        0,
        run % 4 === 0 ? Math.floor(random() * sample.length) : sample.length,
      )
      for (let i = 0; i < 1 + (run % 4); i++)
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
      try {
        read(bytes)
      } catch (error) {
        assert.ok(isShardyfusionError(error), String((error as Error).stack))
      }
    }
  }
})
