import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SnapshotReader, slatedb, sqlite, writeSnapshot } from '@shardyfusion/core'
import { encodeKey, packEntries, VectorChunkBuilder, wrapEngine } from '@shardyfusion/core/extend'
import { verifySnapshot } from '@shardyfusion/core/maintain'
import {
  formatAttemptResult,
  formatSnapshotPlan,
  parseAttemptResult,
  parseSnapshotPlan,
  planSnapshot,
  publishSnapshot,
  writeShardAttempt,
} from '@shardyfusion/core/tasks'
import { tempStore } from '@shardyfusion/core/testing'
import { composite, lancedb } from '@shardyfusion/lancedb'
import { SnapshotReaderSync } from '@shardyfusion/sync'
import { VectorReaderSync } from '@shardyfusion/sync/vector'
import { VectorReader, writeVectors } from '@shardyfusion/vector'
import { nearest, vectorsOf } from './support/vectors.js'

const COUNT = 900
const DIMENSIONS = 8
const vectors = vectorsOf(COUNT, DIMENSIONS, 21)
const query = vectorsOf(1, DIMENSIONS, 22)[0]!

async function place(t: { after(work: () => Promise<void>): void }): Promise<string> {
  const store = await tempStore()
  t.after(() => store.remove())
  return `${store.prefix}/snapshots`
}

async function check(prefix: string): Promise<void> {
  await using reader = await SnapshotReader.open({ prefix })
  const { results } = await reader.search(query, { topK: 15 })
  const want = nearest('cosine', vectors, query, 15)
  assert.deepEqual(
    results.map(({ id }) => Number(id)),
    want.map(({ row }) => row),
  )
  assert.deepEqual(results[0]!.payload, { id: want[0]!.row })
  assert.equal((await reader.get(7))!.length, 4)
}

test('verify reads the vectors, and says what is wrong with them', async (t) => {
  const prefix = await place(t)
  const inner = lancedb({ index: 'none' })
  // As another program might write them.
  const engine = wrapEngine(inner, {
    openWriter: async (o) => {
      const writer = await inner.openWriter(o)
      return {
        write: (chunk) => writer.write(chunk),
        writeVectors: (chunk) => {
          chunk.vectors[DIMENSIONS] = Infinity
          return writer.writeVectors!(chunk)
        },
        flush: () => writer.flush(),
        seal: () => writer.seal(),
        bytes: () => writer.bytes(),
        close: () => writer.close(),
      }
    },
  })
  const records = vectors.map((vector, id) => ({ id, vector, payload: { id } }))
  const options = { dimensions: DIMENSIONS, sharding: { explicit: 1 }, shard: () => 0 } as const
  await writeVectors(records, { prefix: `${prefix}/right`, engine: inner, ...options })
  await writeVectors(records, { prefix: `${prefix}/wrong`, engine, ...options })
  const right = await verifySnapshot({ prefix: `${prefix}/right` })
  assert.deepEqual([right.findings, right.vectors], [[], COUNT])
  const { findings } = await verifySnapshot({ prefix: `${prefix}/wrong` })
  assert.match(findings[0]!.message, /the vector of row 1 is not 8 finite numbers/)
})

test('the manifest describes vectors as the Python project does', async (t) => {
  const prefix = await place(t)
  const rows = vectors.map((embedding, id) => ({ id, embedding }))
  const vector = { of: 'embedding', dimensions: DIMENSIONS, metric: 'l2' } as const
  const options = {
    prefix,
    sharding: { shards: 2 },
    key: 'id',
    value: () => new Uint8Array(1),
  } as const
  await writeSnapshot(rows, {
    ...options,
    vector,
    engine: composite(sqlite(), lancedb({ index: 'hnsw' })),
  })
  await using reader = await SnapshotReader.open({ prefix })
  assert.deepEqual(reader.vectors()!.fields, {
    dim: 8,
    metric: 'l2',
    index_type: 'hnsw',
    quantization: 'fp16',
    unified: true,
    backend: 'lancedb',
    kv_backend: 'sqlite',
  })
  // Keys alone need no LanceDB.
  await using keys = await SnapshotReader.open({ prefix, engine: sqlite() })
  assert.equal((await keys.get(5))!.length, 1)
  await assert.rejects(keys.search(query), {
    code: 'SHARD_INVALID_OPTION',
    message: /in LanceDB.*npm install @shardyfusion\/lancedb/,
  })
})

test('searches by key, with values and without await', async (t) => {
  const prefix = await place(t)
  const rows = vectors.map((embedding, id) => ({ id, embedding }))
  await writeSnapshot(rows, {
    prefix,
    sharding: { shards: 3 },
    key: 'id',
    values: 'json',
    value: ({ id }) => ({ id }),
    engine: composite(slatedb(), lancedb()),
    vector: { of: 'embedding', dimensions: DIMENSIONS },
  })
  const want = nearest('cosine', vectors, vectors[5]!, 4).map(({ row }) => row)
  await using reader = await SnapshotReader.open({ prefix, values: 'json' })
  const like = await reader.searchLike(5, { topK: 3, withValues: true })
  assert.deepEqual(
    like.results.map(({ value }) => value),
    want.slice(1).map((id) => ({ id })),
  )
  const where = await reader.search(vectors[5]!, { topK: 2, where: (one) => Number(one.id) > 400 })
  assert.ok(where.results.every(({ id }) => Number(id) > 400))
  const sync = SnapshotReaderSync.open({
    prefix,
    values: 'json',
    engine: composite(slatedb(), lancedb()),
  })
  try {
    const found = sync.search(vectors[5]!, { topK: 4, withValues: true })
    assert.deepEqual(
      found.results.map(({ id, value }) => [id, value]),
      want.map((id) => [String(id), { id }]),
    )
  } finally {
    sync.close()
  }
})

test('a large shard is searched by its index, whose files come at the first such search', async (t) => {
  const prefix = await place(t)
  const records = vectors.map((vector, id) => ({ id, vector }))
  for (const index of ['flat', 'hnsw'] as const) {
    const at = `${prefix}/${index}`
    await writeVectors(records, {
      prefix: at,
      dimensions: DIMENSIONS,
      metric: 'cosine',
      sharding: { clusters: 2 },
      engine: lancedb({ index }),
    })
    await using reader = await VectorReader.open({
      prefix: at,
      engine: lancedb({ exactUpTo: 100 }),
    })
    const want = nearest('cosine', vectors, query, 10)
    const { results } = await reader.search(query, { probes: 'all' })
    const found = results.filter(({ id }) => want.some(({ row }) => String(row) === id))
    assert.ok(found.length >= 9)
    const exact = await reader.search(query, { probes: 'all', exact: true })
    assert.deepEqual(
      exact.results.map(({ id }) => Number(id)),
      want.map(({ row }) => row),
    )
  }
})

test('tasks of a cluster make the engine by its origin', async (t) => {
  const prefix = await place(t)
  const made = await planSnapshot({
    prefix,
    sharding: { shards: 1 },
    engine: composite(slatedb(), lancedb()),
    vector: { dimensions: DIMENSIONS },
  })
  const plan = parseSnapshotPlan(formatSnapshotPlan(made))
  const keys = packEntries(
    vectors.map((_, id) => [encodeKey(id, 'u64be', 'test'), new Uint8Array(4)] as const),
  )
  const rows = new VectorChunkBuilder(DIMENSIONS)
  for (const [id, vector] of vectors.entries())
    rows.push(BigInt(id), vector, new TextEncoder().encode(JSON.stringify({ id })))
  const result = await writeShardAttempt(plan, 0, [keys, rows.finish()])
  await publishSnapshot(plan, [parseAttemptResult(formatAttemptResult(result))])
  await check(prefix)
})

test('vectors without keys are searched without await', async (t) => {
  const prefix = await place(t)
  const records = vectors.map((vector, id) => ({ id, vector }))
  await writeVectors(records, {
    prefix,
    dimensions: DIMENSIONS,
    metric: 'dot_product',
    sharding: { lsh: 2, bits: 4 },
    engine: lancedb(),
  })
  const reader = VectorReaderSync.open({ prefix, engine: lancedb() })
  try {
    const { results } = reader.search(query, { topK: 6, probes: 'all' })
    const want = nearest('dot_product', vectors, query, 6)
    for (const [i, { id, score }] of results.entries()) {
      assert.equal(id, String(want[i]!.row))
      assert.ok(Math.abs(score - want[i]!.distance) < 1e-5)
    }
  } finally {
    reader.close()
  }
})
