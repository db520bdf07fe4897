import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore, SnapshotReader, SnapshotWriter, writeSnapshot } from '@shardyfusion/core'
import { setVectorCacheBudget, sqliteVec, vectorCacheStats } from '@shardyfusion/vector'
import { searchContract } from '../contract/search-contract.js'
import { gaussians } from '../support/vectors.js'
import { matches, WORD_COUNT, WORD_DIMENSIONS, words } from '../support/words.js'

let snapshots = 0
searchContract({
  name: 'memory',
  api: { SnapshotReader, SnapshotWriter, writeSnapshot },
  newPrefix: () => `memory://search/${snapshots++}`,
})

async function built(metric: 'cosine' | 'l2', o: object = {}) {
  const objects = new MemoryStore()
  const prefix = 'memory://words/all'
  const { rows, vectors } = words()
  const published = await writeSnapshot(rows, {
    prefix,
    objects,
    sharding: { shards: 3 },
    key: 'id',
    value: ({ name }) => ({ name }),
    values: 'json',
    engine: sqliteVec(),
    vector: {
      dimensions: WORD_DIMENSIONS,
      metric,
      payload: ({ id }) => (id % 7 === 0 ? undefined : { id, tag: `t${id % 10}` }),
    },
    ...o,
  })
  return { objects, prefix, vectors, published }
}

test('where may be a function', async () => {
  const { objects, prefix } = await built('cosine')
  await using reader = await SnapshotReader.open({ prefix, objects })
  const query = gaussians(1, WORD_DIMENSIONS, 8)
  const byFunction = await reader.search(query, {
    topK: 4,
    where: ({ id }) => id === 5n || id === 6n,
  })
  assert.deepEqual(new Set(byFunction.results.map(({ id }) => id)), new Set([5n, 6n]))
})

test('vectors that do not fit in memory are read for each search; shards leave for others', async () => {
  const { objects, prefix, vectors } = await built('cosine')
  const query = gaussians(3, WORD_DIMENSIONS, 10)
  const shard = (WORD_COUNT / 3) * WORD_DIMENSIONS * 4
  try {
    for (const budget of [0, 1.6 * shard]) {
      setVectorCacheBudget(Math.floor(budget))
      await using reader = await SnapshotReader.open({ prefix, objects })
      for (let round = 0; round < 3; round++) {
        const found = await reader.searchMany(query)
        for (const [q, result] of found.entries())
          matches(
            result,
            'cosine',
            vectors,
            query.subarray(q * WORD_DIMENSIONS, (q + 1) * WORD_DIMENSIONS),
            10,
          )
        assert.ok(vectorCacheStats().bytes <= budget)
      }
    }
  } finally {
    setVectorCacheBudget(512 * 1024 * 1024)
  }
  assert.equal(vectorCacheStats().bytes, 0, 'closed readers leave nothing behind')
})

test('large shards have codes in memory, where they fit, and find the same with and without', async () => {
  const [dimensions, count] = [128, 9000]
  const vectors = gaussians(count, dimensions, 21)
  const rows = Array.from({ length: count }, (_, id) => ({
    id,
    vector: vectors.subarray(id * dimensions, (id + 1) * dimensions),
  }))
  const plain = count * (4 * dimensions + 4)
  const coded = plain + count * (dimensions + 12)
  try {
    for (const metric of ['cosine', 'l2'] as const) {
      const objects = new MemoryStore()
      const prefix = 'memory://words/large'
      await writeSnapshot(rows, {
        prefix,
        objects,
        sharding: { shards: 1 },
        key: 'id',
        value: 'id',
        values: 'json',
        engine: sqliteVec(),
        vector: { dimensions, metric },
      })
      for (const budget of [coded, coded - 1, plain - 1]) {
        setVectorCacheBudget(budget)
        await using reader = await SnapshotReader.open({ prefix, objects })
        const query = gaussians(1, dimensions, 22)
        matches(await reader.search(query, { topK: 30 }), metric, vectors, query, 30)
        const isThird = (id: unknown): boolean => Number(id) % 3 === 0
        const third = await reader.search(query, { topK: 10, where: ({ id }) => isThird(id) })
        matches(third, metric, vectors, query, 10, isThird)
        const bytes = budget === coded ? coded : budget === plain - 1 ? 0 : plain
        assert.equal(vectorCacheStats().bytes, bytes)
      }
    }
  } finally {
    setVectorCacheBudget(512 * 1024 * 1024)
  }
})

test('a long search gives other work of the thread its turns, and ends when its signal aborts', async () => {
  const { objects, prefix } = await built('cosine')
  await using reader = await SnapshotReader.open({ prefix, objects })
  const queries = gaussians(4000, WORD_DIMENSIONS, 5)
  let isDone = false
  let turns = 0
  const count = (): void => {
    turns++
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  await reader.searchMany(queries, { topK: 20 })
  isDone = true
  assert.ok(turns > 10, `${turns} turns`)
  const abort = new AbortController()
  const long = reader.searchMany(queries, { topK: 20, signal: abort.signal })
  setImmediate(() => abort.abort(new Error('enough')))
  await assert.rejects(long, { message: 'enough' })
  // An aborted search leaves the reader in order.
  assert.equal((await reader.search(queries.subarray(0, WORD_DIMENSIONS))).results.length, 10)
})

test('retry carries vectors; so does a resumed build', async () => {
  for (const o of [{ retry: { maxRetries: 2 } }]) {
    const { objects, prefix, vectors } = await built('cosine', o)
    await using reader = await SnapshotReader.open({ prefix, objects })
    const query = gaussians(1, WORD_DIMENSIONS, 12)
    matches(await reader.search(query), 'cosine', vectors, query, 10)
  }
})
