import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { MemoryStore, SnapshotReader } from '@shardyfusion/core'
import { readNpy, sqliteVec, VectorReader, writeNpy, writeVectors } from '@shardyfusion/vector'
import { ClusterRouter, LshRouter } from '#dist/snapshot/vector-router.js'
import { openGolden } from '../support/golden.js'
import { bruteForce, clustered, gaussians } from '../support/vectors.js'

const COUNT = 2000
const DIMENSIONS = 16
const vectors = clustered(COUNT, DIMENSIONS, 12, 4)
const documents = Array.from({ length: COUNT }, (_, id) => ({
  id: `doc-${id}`,
  vector: vectors.subarray(id * DIMENSIONS, (id + 1) * DIMENSIONS),
  payload: { n: id },
  shard: id % 5,
  lang: id % 3 === 0 ? 'de' : 'en',
}))

function place(): { prefix: string; objects: MemoryStore } {
  return { prefix: 'memory://docs/v', objects: new MemoryStore() }
}

function exactIds(query: Float32Array, k: number, keep = (_row: number) => true): string[] {
  const all = bruteForce('cosine', vectors, query, COUNT).filter(({ row }) => keep(row))
  return all.slice(0, k).map(({ row }) => `doc-${row}`)
}

test('lv-sqlitevec: the same answers as the Python project at each number of probes', async () => {
  const { prefix, objects, expected } = await openGolden('lv-sqlitevec')
  await using reader = await VectorReader.open({ prefix, objects, shardUrls: 'rebase' })
  assert.deepEqual([reader.info().strategy, reader.info().totalVectors], ['cluster', 30])
  for (const search of expected.searches) {
    const { query, top_k: topK, num_probes: probes } = search
    assert.deepEqual(reader.route(query, { probes }), search.route)
    const found = await reader.search(query, { topK, probes })
    assert.equal(found.shardsQueried, search.num_shards_queried)
    assert.deepEqual(
      found.results.map(({ id }) => Number(id)),
      search.results.map(({ id }) => id),
    )
    for (const [i, { score, payload }] of search.results.entries()) {
      assert.ok(Math.abs(found.results[i]!.score - score) < 1e-5)
      assert.deepEqual(found.results[i]!.payload, payload)
    }
  }
})

test('routing by centroids and hyperplanes is that of the Python project', async () => {
  const golden = new URL('../../test/golden/vector-routing.json', import.meta.url)
  const { centroids, hyperplanes, cases } = JSON.parse(await readFile(golden, 'utf8'))
  const matrix = (rows: number[][]) => ({
    rows: rows.length,
    columns: rows[0]!.length,
    values: Float32Array.from(rows.flat()),
  })
  for (const one of cases) {
    const query = Float32Array.from(one.q)
    for (const [metric, name] of [
      ['cosine', 'cosine'],
      ['l2', 'l2'],
      ['dot_product', 'dot'],
    ] as const)
      assert.deepEqual(new ClusterRouter(matrix(centroids), metric).probe(query, 1), [
        one[`${name}_assign`],
      ])
    assert.deepEqual(
      new ClusterRouter(matrix(centroids), 'cosine').probe(query, 2),
      one.cosine_probe2,
    )
    const lsh = new LshRouter(matrix(hyperplanes), 3)
    assert.deepEqual(lsh.probe(query, 1), [one.lsh_assign_3])
    assert.deepEqual(lsh.probe(query, 2), one.lsh_probe_3_2)
  }
})

test('clusters: trained centroids; all probes find what computing all distances finds, few find most', async () => {
  const { prefix, objects } = place()
  const published = await writeVectors(documents, {
    prefix,
    objects,
    dimensions: DIMENSIONS,
    sharding: { clusters: 8 },
    probes: 2,
  })
  assert.equal(published.rowCount, COUNT)
  assert.equal(
    published.shards.reduce((sum, { rowCount }) => sum + rowCount, 0),
    COUNT,
  )
  await using reader = await VectorReader.open({ prefix, objects, maxOpenShards: 3 })
  const queries = clustered(40, DIMENSIONS, 12, 4)
  const all = await reader.searchMany(queries, { topK: 10, probes: 'all' })
  const some = await reader.searchMany(queries, { topK: 10 })
  let hits = 0
  for (const [q, { results, shardsQueried }] of all.entries()) {
    const query = queries.subarray(q * DIMENSIONS, (q + 1) * DIMENSIONS)
    const want = exactIds(query, 10)
    assert.deepEqual(
      results.map(({ id }) => id),
      want,
    )
    assert.equal(shardsQueried, 8)
    hits += some[q]!.results.filter(({ id }) => want.includes(id as string)).length
    const alone = await reader.search(query, { topK: 10 })
    assert.deepEqual(alone.results, some[q]!.results)
    assert.equal(alone.shardsQueried, 2)
  }
  assert.ok(hits / 400 > 0.8, `recall ${hits / 400} at 2 of 8 shards`)
  const filtered = await reader.search(queries.subarray(0, DIMENSIONS), {
    probes: 'all',
    where: 'payload.n % 50 == 0',
  })
  assert.deepEqual(
    filtered.results.map(({ id }) => id),
    exactIds(queries.subarray(0, DIMENSIONS), 10, (row) => row % 50 === 0),
  )
  await assert.rejects(SnapshotReader.open({ prefix, objects }), {
    code: 'SHARD_MANIFEST',
    message: /vector snapshot without keys/,
  })
})

test('given centroids as .npy, LSH, explicit and CEL: every vector is found again', async () => {
  const centroids = readNpy(
    writeNpy({
      rows: 5,
      columns: DIMENSIONS,
      values: new Float64Array(gaussians(5, DIMENSIONS, 1)),
    }),
  )
  for (const sharding of [
    { centroids },
    { lsh: 6 },
    { explicit: 5 },
    { cel: 'lang', columns: { lang: 'string' }, values: ['de', 'en'] },
  ] as const) {
    const { prefix, objects } = place()
    await writeVectors(documents, {
      prefix,
      objects,
      dimensions: DIMENSIONS,
      sharding,
      engine: sqliteVec(),
    })
    await using reader = await VectorReader.open({ prefix, objects })
    const byVector = 'centroids' in sharding || 'lsh' in sharding
    const query = gaussians(1, DIMENSIONS, 31)
    const everywhere = await reader.search(query, byVector ? { probes: 'all' } : {})
    assert.deepEqual(
      everywhere.results.map(({ id }) => id),
      exactIds(query, 10),
    )
    if ('explicit' in sharding) {
      const { results } = await reader.search(query, { shards: [3] })
      assert.deepEqual(
        results.map(({ id }) => id),
        exactIds(query, 10, (row) => row % 5 === 3),
      )
    }
    if ('cel' in sharding) {
      const { results } = await reader.search(query, { context: { lang: 'de' } })
      assert.deepEqual(
        results.map(({ id }) => id),
        exactIds(query, 10, (row) => row % 3 === 0),
      )
    }
    if (!byVector) {
      await assert.rejects(reader.search(query, { probes: 2 }), {
        code: 'SHARD_INVALID_OPTION',
        message: /probes needs a snapshot sharded by cluster or lsh/,
      })
      assert.throws(() => reader.route(query), { code: 'SHARD_INVALID_OPTION' })
    } else {
      // A stored vector is in the shard where a search for it looks first.
      for (const { id, vector } of documents.slice(0, 200)) {
        const { results } = await reader.search(vector, { topK: 1, probes: 1 })
        assert.equal(results[0]!.id, id)
      }
      assert.equal(new Set(reader.route(query, { probes: 3 })).size, 3)
    }
  }
})

test('refresh moves to a new snapshot, and reports centroids that are missing; the old one stays', async () => {
  const { prefix, objects } = place()
  const options = { prefix, objects, dimensions: DIMENSIONS, sharding: { clusters: 4 } }
  await writeVectors(documents.slice(0, 500), options)
  await using reader = await VectorReader.open({ prefix, objects })
  assert.equal(await reader.refresh(), false)
  const second = await writeVectors(documents, options)
  assert.equal(await reader.refresh(), true)
  assert.equal(reader.info().totalVectors, COUNT)
  const third = await writeVectors(documents.slice(0, 700), options)
  await objects.delete(`${prefix}/vector_meta/run_id=${third.runId}/centroids.npy`)
  await assert.rejects(reader.refresh(), {
    code: 'SHARD_MANIFEST',
    message: /centroids_ref .* must be the URL of an object that exists/,
  })
  assert.equal(reader.info().runId, second.runId)
  assert.equal((await reader.search(documents[0]!.vector)).results.length, 10)
  await assert.rejects(VectorReader.open({ prefix, objects }), { code: 'SHARD_MANIFEST' })
})

test('writers say which record is wrong, and publish nothing', async () => {
  const { prefix, objects } = place()
  const options = { prefix, objects, dimensions: DIMENSIONS }
  const bad = [...documents.slice(0, 30), { ...documents[30]!, vector: new Float32Array(3) }]
  await assert.rejects(writeVectors(bad, { ...options, sharding: { clusters: 2 } }), {
    code: 'SHARD_INVALID_VALUE',
    message: /^record 30: .*must have 16 values/,
  })
  const elsewhere = [...documents.slice(0, 3), { ...documents[3]!, shard: 7 }]
  await assert.rejects(writeVectors(elsewhere, { ...options, sharding: { explicit: 5 } }), {
    message: /^record 3: .*from 0 to 4, got 7/,
  })
  await assert.rejects(
    writeVectors(documents.slice(0, 3), { ...options, sharding: { clusters: 5 } }),
    { message: /at most the number of vectors, got 5 for 3/ },
  )
  await assert.rejects(
    writeVectors(documents, { ...options, sharding: { explicit: 5 }, probes: 2 }),
    { message: /probes must be 1 unless/ },
  )
  await assert.rejects(
    writeVectors(documents, { ...options, metric: 'hamming' as never, sharding: { lsh: 2 } }),
    { message: /metric must be cosine, l2 or dot_product/ },
  )
  await assert.rejects(
    writeVectors(documents, {
      ...options,
      metric: 'dot_product',
      engine: sqliteVec(),
      sharding: { lsh: 2 },
    }),
    { message: /searches by cosine and l2/ },
  )
  const left = []
  for await (const object of objects.list(prefix)) left.push(object.url)
  assert.deepEqual(
    left.filter((url) => /shards|manifests|CURRENT/.test(url)),
    [],
  )
})

test('.npy: float32 and float64 survive; other files are refused by what is wrong with them', () => {
  for (const values of [
    new Float32Array([1, -2, 3.5, 0, 1e30, 5]),
    new Float64Array([1, 2, 3, 4, 5, 1e300]),
  ]) {
    const bytes = writeNpy({ rows: 2, columns: 3, values })
    assert.equal((bytes.length - values.byteLength) % 64, 0)
    assert.deepEqual(readNpy(bytes), { rows: 2, columns: 3, values })
  }
  const good = writeNpy({ rows: 2, columns: 3, values: new Float32Array(6) })
  assert.throws(() => readNpy(good.subarray(0, 20)), { message: /header is cut off/ })
  assert.throws(() => readNpy(good.subarray(0, good.length - 1)), {
    message: /do not match its size/,
  })
  assert.throws(() => readNpy(new Uint8Array(100)), { message: /does not begin as one/ })
})
