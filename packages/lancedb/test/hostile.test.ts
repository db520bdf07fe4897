import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isShardyfusionError,
  MemoryStore,
  SnapshotReader,
  slatedb,
  writeSnapshot,
} from '@shardyfusion/core'
import { composite, lancedb } from '@shardyfusion/lancedb'
import { VectorReader, writeVectors } from '@shardyfusion/vector'
import { cpuMs } from '@shardyfusion/test-support/cpu-ms'
import { goldenExpected, goldenInMemory } from './support/golden.js'
import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { soak } from '@shardyfusion/test-support/soak'
import { vectorsOf } from './support/vectors.js'

const DIMENSIONS = 6
const COUNT = 600
/** No search of so small a table takes more processor time, whatever is in it. */
const BOUND_MS = 15_000

async function built(index: 'flat' | 'hnsw' | 'none') {
  const objects = new MemoryStore()
  const prefix = 'memory://hostile/x'
  const vectors = vectorsOf(COUNT, DIMENSIONS, 5)
  const records = vectors.map((vector, id) => ({
    id,
    vector,
    payload: { id, text: `payload ${id}` },
  }))
  await writeVectors(records, {
    prefix,
    objects,
    dimensions: DIMENSIONS,
    sharding: { explicit: 1 },
    shard: () => 0,
    engine: lancedb({ index }),
  })
  const urls: string[] = []
  for await (const { url } of objects.list(`${prefix}/shards`))
    if (url.includes('vector_index.lance')) urls.push(url)
  return { objects, prefix, urls, query: vectors[3]! }
}

/** Changes an object, or cuts it off, and restores it afterwards. */
async function withChange(
  objects: MemoryStore,
  url: string,
  changed: Uint8Array,
  work: () => Promise<void>,
): Promise<void> {
  const whole = (await objects.get(url))!
  await objects.put(url, changed)
  const startedAt = cpuMs()
  await work()
  assert.ok(cpuMs() - startedAt < BOUND_MS)
  await objects.put(url, whole)
}

test('a changed file of a snapshot of ours is found by its digest', async () => {
  const { objects, prefix, urls, query } = await built('flat')
  const random = seededRandom(4)
  const engine = lancedb({ exactUpTo: 0 })
  const read = async () => {
    await using reader = await VectorReader.open({ prefix, objects, engine })
    return (await reader.search(query)).results
  }
  const right = await read()
  let failed = 0
  const runs = soak(40, 100)
  for (let run = 0; run < runs; run++) {
    const url = urls[run % urls.length]!
    const file = (await objects.get(url))!.slice()
    const at = Math.floor(random() * file.length)
    file[at]! ^= 1 + Math.floor(random() * 255)
    await withChange(objects, url, run % 5 === 4 ? file.subarray(0, at) : file, async () => {
      try {
        assert.deepEqual(await read(), right)
      } catch (error) {
        if (!isShardyfusionError(error)) throw error
        assert.match(error.message, /different content|must have at least|is missing/)
        failed++
      }
    })
  }
  assert.equal(failed, runs, 'every file is needed by this search')
})

test('files without digests whose footers are damaged are refused before LanceDB reads them', async () => {
  const place = await goldenInMemory('lv-indexed-cosine-fp16')
  const { objects } = place
  const urls: string[] = []
  for await (const { url } of objects.list(`${place.prefix}/shards`))
    if (/\.(lance|idx)$/.test(url)) urls.push(url)
  const random = seededRandom(6)
  const { query } = goldenExpected('lv-indexed-cosine-fp16').searches[0]!
  let failed = 0
  const runs = soak(60, 200)
  for (let run = 0; run < runs; run++) {
    const url = urls[run % urls.length]!
    const file = (await objects.get(url))!.slice()
    for (let i = 0; i < 1 + (run % 3); i++)
      file[file.length - 1 - Math.floor(random() * 40)] = Math.floor(random() * 256)
    const cut = file.subarray(0, Math.floor(random() * file.length))
    await withChange(objects, url, run % 7 === 6 ? cut : file, async () => {
      await using reader = await VectorReader.open({ ...place, engine: lancedb({ exactUpTo: 0 }) })
      for (const options of [{}, { exact: true }]) {
        try {
          const { results } = await reader.search(query, { ...options, probes: 'all' })
          assert.ok(results.length <= 10)
          for (const { score } of results) assert.ok(!Number.isNaN(score))
        } catch (error) {
          assert.ok(isShardyfusionError(error), String((error as Error).stack))
          failed++
        }
      }
    })
  }
  assert.ok(failed > runs / 2, `${failed} of ${2 * runs} failed`)
})

test('a missing file is named, and a missing table is SHARD_NOT_FOUND', async () => {
  const { objects, prefix, urls, query } = await built('none')
  const data = urls.find((url) => url.includes('/data/'))!
  await objects.delete(data)
  await using reader = await VectorReader.open({ prefix, objects })
  await assert.rejects(reader.search(query), {
    code: 'SHARD_ENGINE',
    message: /data\/\S+ is missing/,
  })
  const other = await goldenInMemory('lv-explicit')
  await other.objects.deletePrefix(`${other.prefix}/shards`)
  await using empty = await VectorReader.open({ ...other, engine: lancedb() })
  await assert.rejects(
    empty.search(
      Array.from({ length: 8 }, () => 1),
      { shards: [0] },
    ),
    {
      code: 'SHARD_NOT_FOUND',
      message: /vector_index\.lance/,
    },
  )
})

test('names of objects that are no names of LanceDB do not become paths', async () => {
  const place = await goldenInMemory('lv-explicit')
  const urls: string[] = []
  for await (const { url } of place.objects.list(`${place.prefix}/shards`)) urls.push(url)
  const table = urls[0]!.slice(0, urls[0]!.indexOf('vector_index.lance/'))
  await place.objects.put(`${table}vector_index.lance/data/a b;c`, new Uint8Array(1))
  await using reader = await VectorReader.open(place)
  await assert.rejects(
    reader.search(
      Array.from({ length: 8 }, () => 1),
      { shards: [0] },
    ),
    {
      code: 'SHARD_ENGINE',
      message: /an object has the name "data\/a b;c"/,
    },
  )
})

test('other dimensions than the manifest has, and queries that cannot be, are refused', async () => {
  const place = await goldenInMemory('lv-cluster-cosine')
  await using reader = await VectorReader.open(place)
  const { dimensions } = reader.info()
  const vector = Array.from({ length: dimensions }, () => 1)
  for (const [query, message] of [
    [vector.slice(1), /must have 8 values.*got 7/],
    [[...vector.slice(1), Number.NaN], /finite/],
    [[...vector.slice(1), Infinity], /finite/],
    [vector.map(() => 0), /zeros/],
  ] as const)
    await assert.rejects(reader.search(query), { code: 'SHARD_INVALID_VALUE', message })
  await assert.rejects(reader.search(vector, { topK: 100_001 }), { code: 'SHARD_INVALID_OPTION' })
})

test('what an engine is not for, and options that do not exist, are refused with the advice', async () => {
  const row = { id: 1, embedding: [1, 2] }
  const options = {
    prefix: 'memory://hostile/refused',
    sharding: { shards: 1 },
    key: 'id' as const,
    vector: { of: 'embedding' as const, dimensions: 2 },
    values: 'json' as const,
    value: () => 1,
  }
  await assert.rejects(writeSnapshot([row], { ...options, engine: lancedb() }), {
    code: 'SHARD_INVALID_OPTION',
    message: /composite\(slatedb\(\), lancedb\(\)\)/,
  })
  await assert.rejects(
    writeVectors([{ id: 1, vector: [1, 2] }], {
      prefix: options.prefix,
      dimensions: 2,
      sharding: { explicit: 1 },
      shard: () => 0,
      engine: composite(slatedb(), lancedb()),
    }),
    { code: 'SHARD_INVALID_OPTION', message: /pass engine: lancedb\(\)/ },
  )
  const invalid = { code: 'SHARD_INVALID_OPTION' }
  assert.throws(() => composite(lancedb(), lancedb()), {
    ...invalid,
    message: /kv must be slatedb\(\) or sqlite\(\)/,
  })
  assert.throws(() => composite(slatedb(), slatedb()), {
    ...invalid,
    message: /vectors must be lancedb\(\)/,
  })
  assert.throws(() => lancedb({ index: 'pq' as 'flat' }), {
    ...invalid,
    message: /'flat', 'hnsw' or 'none'/,
  })
  assert.throws(() => lancedb({ nprobes: 0 }), { ...invalid, message: /partitions/ })
  assert.throws(() => lancedb({ storageVersion: '3' as '2.0' }), {
    ...invalid,
    message: /2\.0, 2\.1, 2\.2/,
  })
})

test('a table of another shape is refused by its columns', async () => {
  const place = await goldenInMemory('lv-cluster-cosine')
  const inner = lancedb()
  // As if the manifest had other dimensions.
  const engine = {
    ...inner,
    openReader: (o: Parameters<typeof inner.openReader>[0]) =>
      inner.openReader({ ...o, vectors: { dimensions: 9, metric: 'cosine' } }),
  }
  await using reader = await VectorReader.open({ ...place, engine })
  await assert.rejects(reader.search(Array.from({ length: 8 }, () => 1)), {
    code: 'SHARD_ENGINE',
    message: /must have 9 values, as the manifest says, got 8/,
  })
})

test('keys are read without searching, and a shard without vectors has no hits', async () => {
  const objects = new MemoryStore()
  const prefix = 'memory://hostile/keys'
  const rows = Array.from({ length: 20 }, (_, id) => ({
    id,
    embedding: id < 1 ? [1, 2] : undefined,
  }))
  const options = {
    prefix,
    objects,
    sharding: { shards: 4 },
    engine: composite(slatedb(), lancedb()),
  }
  await writeSnapshot(rows, {
    ...options,
    key: 'id',
    values: 'json',
    value: ({ id }) => id,
    vector: { of: 'embedding', dimensions: 2 },
  })
  await using reader = await SnapshotReader.open({ prefix, objects, values: 'json' })
  assert.equal(await reader.get(7), 7)
  const { results, shardsQueried } = await reader.search([1, 2])
  assert.deepEqual([results.map(({ id }) => id), shardsQueried], [['0'], 4])
})
