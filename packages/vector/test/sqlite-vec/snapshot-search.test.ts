import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  MemoryStore,
  SnapshotReader,
  SnapshotWriter,
  slatedb,
  writeSnapshot,
} from '@shardyfusion/core'
import { setVectorCacheBudget, sqliteVec, vectorCacheStats } from '@shardyfusion/vector'
import { bruteForce, gaussians, type Metric } from '../support/vectors.js'

const DIMENSIONS = 12
const COUNT = 3000

interface Word {
  readonly id: number
  readonly name: string
  readonly vector: Float32Array
}

function words(seed = 1): { rows: Word[]; vectors: Float32Array } {
  const vectors = gaussians(COUNT, DIMENSIONS, seed)
  const rows = Array.from({ length: COUNT }, (_, id) => ({
    id,
    name: `word ${id}`,
    vector: vectors.subarray(id * DIMENSIONS, (id + 1) * DIMENSIONS),
  }))
  return { rows, vectors }
}

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
      dimensions: DIMENSIONS,
      metric,
      payload: ({ id }) => (id % 7 === 0 ? undefined : { id, tag: `t${id % 10}` }),
    },
    ...o,
  })
  return { objects, prefix, vectors, published }
}

function matches(
  found: { results: readonly { id: unknown; score: number }[] },
  metric: Metric,
  vectors: Float32Array,
  query: Float32Array,
  k: number,
  keep: (row: number) => boolean = () => true,
): void {
  const want = bruteForce(metric, vectors, query, vectors.length / query.length)
    .filter(({ row }) => keep(row))
    .slice(0, k)
  assert.deepEqual(
    found.results.map(({ id }) => id),
    want.map(({ row }) => BigInt(row)),
  )
  for (const [i, { distance }] of want.entries())
    assert.ok(Math.abs(found.results[i]!.score - distance) < 1e-9)
}

for (const metric of ['cosine', 'l2'] as const) {
  test(`${metric}: search and searchMany find what computing all distances finds, keys stay`, async () => {
    const { objects, prefix, vectors } = await built(metric)
    await using reader = await SnapshotReader.open({ prefix, objects, values: 'json' })
    const queries = gaussians(9, DIMENSIONS, 5)
    const query = queries.subarray(0, DIMENSIONS)
    const one = await reader.search(query, { topK: 25 })
    matches(one, metric, vectors, query, 25)
    assert.equal(one.shardsQueried, 3)
    assert.ok(one.durationMs >= 0)
    const many = await reader.searchMany(queries, { topK: 7 })
    assert.equal(many.length, 9)
    for (const [q, result] of many.entries())
      matches(result, metric, vectors, queries.subarray(q * DIMENSIONS, (q + 1) * DIMENSIONS), 7)
    const packed = await reader.searchChunk(queries, { topK: 7 })
    assert.deepEqual(
      Array.from({ length: 7 }, (_, i) => packed.id(packed.start(3) + i)),
      many[3]!.results.map(({ id }) => id),
    )
    assert.deepEqual(await reader.get(42), { name: 'word 42' })
    assert.deepEqual(reader.vectors()?.metric, metric)
    const everything = await reader.search(query, { topK: 100_000 })
    assert.equal(everything.results.length, COUNT)
  })
}

test('where: exactly the nearest of the vectors for which it holds, however few', async () => {
  const { objects, prefix, vectors } = await built('cosine')
  await using reader = await SnapshotReader.open({ prefix, objects })
  const query = gaussians(1, DIMENSIONS, 8)
  const tagged = await reader.search(query, { topK: 20, where: "payload.tag == 't3'" })
  matches(tagged, 'cosine', vectors, query, 20, (row) => row % 10 === 3 && row % 7 !== 0)
  const one = await reader.search(query, { topK: 20, where: 'id == 1234' })
  matches(one, 'cosine', vectors, query, 20, (row) => row === 1234)
  const few = await reader.search(query, { where: 'payload.id > 2990 && payload.id < 2996' })
  matches(few, 'cosine', vectors, query, 10, (row) => row > 2990 && row < 2996 && row % 7 !== 0)
  const without = await reader.search(query, { topK: 3000, where: '!has(payload.tag)' })
  matches(without, 'cosine', vectors, query, 3000, (row) => row % 7 === 0)
  const byFunction = await reader.search(query, {
    topK: 4,
    where: ({ id }) => id === 5n || id === 6n,
  })
  assert.deepEqual(new Set(byFunction.results.map(({ id }) => id)), new Set([5n, 6n]))
})

test('maxDistance, shards, withValues and searchLike', async () => {
  const { objects, prefix, vectors } = await built('l2')
  await using reader = await SnapshotReader.open({ prefix, objects, values: 'json' })
  const query = gaussians(1, DIMENSIONS, 9)
  const all = bruteForce('l2', vectors, query, 50)
  const near = await reader.search(query, { topK: 50, maxDistance: all[6]!.distance + 1e-9 })
  assert.equal(near.results.length, 7)
  const here = await reader.search(query, { topK: 5, shards: [1] })
  assert.ok(here.results.every(({ shard }) => shard === 1) && here.shardsQueried === 1)
  const values = await reader.search(query, { topK: 3, withValues: true })
  for (const { id, value } of values.results) assert.deepEqual(value, { name: `word ${id}` })
  const like = await reader.searchLike(77, { topK: 5 })
  const own = vectors.subarray(77 * DIMENSIONS, 78 * DIMENSIONS)
  matches(like, 'l2', vectors, own, 5, (row) => row !== 77)
  await assert.rejects(reader.searchLike(999_999), { code: 'SHARD_NOT_FOUND' })
})

test('vectors that do not fit in memory are read for each search; shards leave for others', async () => {
  const { objects, prefix, vectors } = await built('cosine')
  const query = gaussians(3, DIMENSIONS, 10)
  const shard = (COUNT / 3) * DIMENSIONS * 4
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
            query.subarray(q * DIMENSIONS, (q + 1) * DIMENSIONS),
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

test('a long search gives other work of the thread its turns, and ends when its signal aborts', async () => {
  const { objects, prefix } = await built('cosine')
  await using reader = await SnapshotReader.open({ prefix, objects })
  const queries = gaussians(4000, DIMENSIONS, 5)
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
  assert.equal((await reader.search(queries.subarray(0, DIMENSIONS))).results.length, 10)
})

test('retry carries vectors; so does a resumed build', async () => {
  for (const o of [{ retry: { maxRetries: 2 } }]) {
    const { objects, prefix, vectors } = await built('cosine', o)
    await using reader = await SnapshotReader.open({ prefix, objects })
    const query = gaussians(1, DIMENSIONS, 12)
    matches(await reader.search(query), 'cosine', vectors, query, 10)
  }
})

test('one clear error for each mistake', async () => {
  const { objects, prefix } = await built('cosine')
  await using reader = await SnapshotReader.open({ prefix, objects })
  const query = gaussians(1, DIMENSIONS, 3)
  const rejects = (work: Promise<unknown>, code: string, message: RegExp): Promise<void> =>
    assert.rejects(work, { code, message })
  const bad = Float32Array.from(query)
  bad[2] = NaN
  const infinite = [...query].map((x, i) => (i === 0 ? 1e39 : x))
  await rejects(
    reader.search(query.subarray(1)),
    'SHARD_INVALID_VALUE',
    /must have 12 values .* got 11/,
  )
  await rejects(reader.search(bad), 'SHARD_INVALID_VALUE', /finite numbers .* got NaN as value 2/)
  await rejects(reader.search(infinite), 'SHARD_INVALID_VALUE', /finite numbers .* as value 0/)
  await rejects(
    reader.search(new Float32Array(DIMENSIONS)),
    'SHARD_INVALID_VALUE',
    /zeros has no direction/,
  )
  await rejects(reader.searchMany([query, bad]), 'SHARD_INVALID_VALUE', /query 1: /)
  await rejects(
    reader.search(query, { topK: 100_001 }),
    'SHARD_INVALID_OPTION',
    /topK must be an integer from 0 to 100000/,
  )
  await rejects(reader.search(query, { topK: -1 }), 'SHARD_INVALID_OPTION', /topK/)
  await rejects(
    reader.search(query, { shards: [3] }),
    'SHARD_INVALID_OPTION',
    /shards must be ids from 0 to 2, got 3/,
  )
  await rejects(
    reader.search(query, { where: 'payload.' }),
    'SHARD_INVALID_OPTION',
    /where does not compile/,
  )
  await rejects(
    reader.search(query, { where: 'payload.tag > 3' }),
    'SHARD_INVALID_OPTION',
    /where failed/,
  )
  await rejects(
    reader.search(query, { where: 'id' }),
    'SHARD_INVALID_OPTION',
    /where must be true or false/,
  )
  await rejects(reader.search(query, { probes: 2 } as object), 'SHARD_INVALID_OPTION', /probes/)
  await rejects(
    reader.search(query, { exact: true, recall: 0.9 }),
    'SHARD_INVALID_OPTION',
    /exact and recall/,
  )
  await rejects(
    reader.search('x' as never),
    'SHARD_INVALID_VALUE',
    /must be a Float32Array or a list of 12 numbers/,
  )
  const aborted = AbortSignal.abort(new Error('enough'))
  await assert.rejects(reader.search(query, { signal: aborted }), { message: 'enough' })
  assert.deepEqual((await reader.search(query, { topK: 0 })).results, [])
})

test('writers refuse bad vectors, and lose nothing', async () => {
  const objects = new MemoryStore()
  const options = { prefix: 'memory://w/x', objects, sharding: { shards: 1 } }
  const vector = { dimensions: 3 }
  await using writer = await SnapshotWriter.open({ ...options, engine: sqliteVec(), vector })
  const bytes = new Uint8Array(1)
  const put = (given: unknown): Promise<void> => writer.put(1, bytes, undefined, given as never)
  await assert.rejects(put({ vector: [1, 2] }), { message: /must have 3 values .* got 2/ })
  await assert.rejects(put({ vector: [0, 0, 0] }), { message: /zeros has no direction/ })
  await assert.rejects(put({ vector: [1, Infinity, 0] }), { message: /got Infinity as value 1/ })
  await assert.rejects(put({ vector: [1, 2, 3], id: 1.5 }), {
    message: /id of a vector must be an integer/,
  })
  await assert.rejects(put({ vector: [1, 2, 3], payload: { x: NaN } }), {
    message: /payload of a vector must be JSON/,
  })
  await assert.rejects(put({ vectors: [1, 2, 3] }), { message: /got the member "vectors"/ })
  await put({ vector: [1, 2, 3] })
  await writer.put(2, bytes)
  const { rowCount } = await writer.publish()
  assert.equal(rowCount, 2)
  await using reader = await SnapshotReader.open({ prefix: options.prefix, objects })
  assert.equal((await reader.search([1, 2, 3])).results.length, 1)
  await assert.rejects(SnapshotWriter.open({ ...options, engine: slatedb(), vector }), {
    code: 'SHARD_INVALID_OPTION',
    message: /does not store vectors; pass engine: sqliteVec\(\)/,
  })
  await assert.rejects(
    SnapshotWriter.open({
      ...options,
      engine: sqliteVec(),
      vector: { dimensions: 3, metric: 'dot_product' },
    }),
    {
      code: 'SHARD_INVALID_OPTION',
      message: /searches by cosine and l2, got the metric "dot_product"/,
    },
  )
  await using plain = await SnapshotWriter.open({ ...options, engine: sqliteVec() })
  await assert.rejects(plain.put(1, bytes, undefined, { vector: [1, 2, 3] }), {
    code: 'SHARD_INVALID_OPTION',
    message: /opened without the option vector/,
  })
})

test('a snapshot without vectors says so, whatever its engine', async () => {
  for (const engine of [slatedb(), sqliteVec()]) {
    const objects = new MemoryStore()
    const prefix = 'memory://plain/x'
    await writeSnapshot([[1, new Uint8Array(3)]] as [number, Uint8Array][], {
      prefix,
      objects,
      sharding: { shards: 1 },
      engine,
    })
    await using reader = await SnapshotReader.open({ prefix, objects })
    assert.equal((await reader.get(1))!.length, 3)
    await assert.rejects(reader.search([1, 2]), {
      code: 'SHARD_INVALID_OPTION',
      message: /^SnapshotReader.search: run "\w+" has no vectors/,
    })
    assert.equal(reader.vectors(), undefined)
  }
})
