import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { setVectorCacheBudget, sqliteVec } from '@shardyfusion/vector'
import { SqliteImage } from 'sqlite-file'
import { listsFor, parseCurves } from '#dist/ivf/recall-curve.js'
import { bruteForce, clustered, gaussians } from '../support/vectors.js'

const COUNT = 6000
const DIMENSIONS = 24

async function built(metric: 'cosine' | 'l2', index: 'exact' | { lists: number }) {
  const objects = new MemoryStore()
  const prefix = 'memory://ivf/x'
  const vectors = clustered(COUNT, DIMENSIONS, 40, 7)
  const published = await writeSnapshot(
    Array.from({ length: COUNT }, (_, id) => id),
    {
      prefix,
      objects,
      sharding: { shards: 1 },
      key: (id) => id,
      value: () => new Uint8Array(1),
      engine: sqliteVec({ index }),
      vector: {
        of: (id) => vectors.subarray(id * DIMENSIONS, (id + 1) * DIMENSIONS),
        dimensions: DIMENSIONS,
        metric,
      },
    },
  )
  return { objects, prefix, vectors, url: `${published.shards[0]!.url!}/shard.db` }
}

for (const metric of ['cosine', 'l2'] as const) {
  test(`${metric}: an index finds the share that is asked for; scores are exact, and exact: true finds all`, async () => {
    const { objects, prefix, vectors } = await built(metric, { lists: 64 })
    await using reader = await SnapshotReader.open({ prefix, objects })
    const queries = clustered(60, DIMENSIONS, 40, 7)
    const found = await reader.searchMany(queries, { recall: 0.9 })
    const exact = await reader.searchMany(queries, { exact: true })
    let hits = 0
    for (let q = 0; q < 60; q++) {
      const query = queries.subarray(q * DIMENSIONS, (q + 1) * DIMENSIONS)
      const want = bruteForce(metric, vectors, query, 10)
      const distances = new Map(want.map(({ row, distance }) => [BigInt(row), distance]))
      assert.deepEqual(
        exact[q]!.results.map(({ id }) => id),
        [...distances.keys()],
      )
      const { results } = found[q]!
      assert.equal(results.length, 10)
      for (const [i, { id, score }] of results.entries()) {
        const distance = distances.get(id as bigint)
        if (distance !== undefined) {
          hits++
          assert.ok(Math.abs(score - distance) < 1e-9)
        }
        if (i > 0) assert.ok(score >= results[i - 1]!.score)
      }
    }
    assert.ok(hits / 600 > 0.85, `recall ${hits / 600}`)
    // A filter has the exact answer.
    const query = queries.subarray(0, DIMENSIONS)
    const filtered = await reader.search(query, { where: 'id % 9 == 0' })
    const kept = bruteForce(metric, vectors, query, COUNT).filter(({ row }) => row % 9 === 0)
    assert.deepEqual(
      filtered.results.map(({ id }) => Number(id)),
      kept.slice(0, 10).map(({ row }) => row),
    )
  })
}

test('the index is in tables of its own, with the recall that was measured', async () => {
  const { objects, url } = await built('cosine', { lists: 32 })
  const image = new SqliteImage((await objects.get(url))!)
  assert.deepEqual(image.verify().problems, [])
  assert.equal([...image.table('sf_ivf_lists').rows()].length, 32)
  const info = new Map([...image.table('sf_info').rows()].map(([key, value]) => [key, value]))
  assert.deepEqual([info.get('vectors'), info.get('ivf_lists')], [COUNT, 32])
  const curves = parseCurves(info.get('ivf_recall'))
  assert.deepEqual(
    curves.map(({ topK }) => topK),
    [10, 100],
  )
  const numbers = curves[0]!.points.map(([lists]) => lists)
  // Every number at first, not powers of two.
  assert.ok(numbers.every((lists, i) => lists === Math.min(32, i + 1) || lists > 24))
  const recalls = curves[0]!.points.map(([, recall]) => recall)
  assert.ok(recalls.every((recall, i) => i === 0 || recall >= recalls[i - 1]! - 0.02))
  assert.ok(recalls.at(-1)! >= 0.99 && recalls[0]! < recalls.at(-1)!)
  assert.ok(listsFor(curves, 10, 0.9)! <= listsFor(curves, 10, 0.97)!)
  assert.equal(listsFor(curves, 101, 0.5), undefined)
  const plain = await built('cosine', 'exact')
  const without = new SqliteImage((await plain.objects.get(plain.url))!)
  assert.ok(!without.schema.tableNames.includes('sf_ivf_lists'))
})

test('an index that does not fit in memory, or contradicts itself, is not used: answers stay right', async () => {
  const { objects, prefix, vectors, url } = await built('l2', { lists: 32 })
  const query = gaussians(1, DIMENSIONS, 77)
  const want = bruteForce('l2', vectors, query, 10).map(({ row }) => BigInt(row))
  const ids = async (): Promise<unknown[]> => {
    await using reader = await SnapshotReader.open({ prefix, objects })
    return (await reader.search(query, { recall: 0.5 })).results.map(({ id }) => id)
  }
  try {
    setVectorCacheBudget(COUNT * (4 * DIMENSIONS + 4))
    assert.deepEqual(await ids(), want)
    setVectorCacheBudget(1000)
    assert.deepEqual(await ids(), want)
  } finally {
    setVectorCacheBudget(512 * 1024 * 1024)
  }
  // Row numbers of one list are overwritten with those of another.
  const file = (await objects.get(url))!
  const image = new SqliteImage(file)
  const lists = [...image.table('sf_ivf_lists').rows()].map((row) => row[1] as Uint8Array)
  const victim = Buffer.from(file.buffer).indexOf(Buffer.from(lists[3]!.slice(0, 40)))
  assert.ok(victim > 0)
  file.set(lists[4]!.slice(0, 40), victim)
  await objects.put(url, file)
  assert.deepEqual(await ids(), want)
})
