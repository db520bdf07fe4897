import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { MemoryStore, SnapshotReader } from '@shardyfusion/core'
import { readNpy, VectorReader, writeNpy, writeVectors } from '@shardyfusion/vector'
import { ClusterRouter, LshRouter } from '#dist/snapshot/vector-router.js'
import { openGolden } from '../support/golden.js'
import { vectorContract } from '../contract/vector-contract.js'
import { DOCUMENT_DIMENSIONS, documents, documentVectors } from '../support/documents.js'

let snapshots = 0
vectorContract({
  name: 'memory',
  api: { VectorReader, writeVectors, SnapshotReader },
  newPrefix: () => `memory://vectors/${snapshots++}`,
})

function place(): { prefix: string; objects: MemoryStore } {
  return { prefix: 'memory://docs/v', objects: new MemoryStore() }
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

test('refresh moves to a new snapshot, and reports centroids that are missing; the old one stays', async () => {
  const { prefix, objects } = place()
  const options = { prefix, objects, dimensions: DOCUMENT_DIMENSIONS, sharding: { clusters: 4 } }
  await writeVectors(documents.slice(0, 500), options)
  await using reader = await VectorReader.open({ prefix, objects })
  assert.equal(await reader.refresh(), false)
  const second = await writeVectors(documents, options)
  assert.equal(await reader.refresh(), true)
  assert.equal(reader.info().totalVectors, documents.length)
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

test('centroids that cannot be are refused, each by what is wrong with it', async () => {
  const { prefix, objects } = place()
  const sharding = { clusters: 4 }
  const options = { prefix, objects, dimensions: DOCUMENT_DIMENSIONS, sharding }
  const { runId } = await writeVectors(documents.slice(0, 300), options)
  const url = `${prefix}/vector_meta/run_id=${runId}/centroids.npy`
  const good = readNpy((await objects.get(url))!)
  const changed = (at: number, value: number) => {
    const values = good.values.slice()
    values[at] = value
    return writeNpy({ ...good, values })
  }
  const table = (rows: number, columns: number) =>
    writeNpy({ rows, columns, values: new Float32Array(rows * columns).fill(1) })
  for (const [bytes, problem] of [
    [changed(17, Number.NaN), 'a table of finite numbers, got NaN'],
    [changed(0, Infinity), 'a table of finite numbers, got Infinity'],
    [
      table(4, DOCUMENT_DIMENSIONS + 1),
      `a table of ${DOCUMENT_DIMENSIONS} columns, got ${DOCUMENT_DIMENSIONS + 1}`,
    ],
    [table(3, DOCUMENT_DIMENSIONS), 'a table of 4 rows, got 3'],
    [new Uint8Array(90), 'a .npy file of numbers'],
  ] as const) {
    await objects.put(url, bytes)
    await assert.rejects(VectorReader.open({ prefix, objects }), {
      code: 'SHARD_MANIFEST',
      message: new RegExp(`centroids_ref of run "${runId}" must be ${problem}`),
    })
  }
  const given = [
    [...documentVectors.subarray(0, DOCUMENT_DIMENSIONS)],
    Array.from({ length: DOCUMENT_DIMENSIONS }, () => Number.NaN),
  ]
  await assert.rejects(
    writeVectors(documents.slice(0, 9), { ...options, sharding: { centroids: given } }),
    { code: 'SHARD_INVALID_OPTION', message: /centroids must have finite numbers/ },
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
