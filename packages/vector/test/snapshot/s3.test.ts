import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { verifySnapshot } from '@shardyfusion/core/maintain'
import { sqliteVec, VectorReader, writeVectors } from '@shardyfusion/vector'
import { withS3Server } from '../../../core/dist-test/support/s3-server.js'
import { bruteForce, clustered } from '../support/vectors.js'

const COUNT = 2500
const DIMENSIONS = 16
const vectors = clustered(COUNT, DIMENSIONS, 9, 6)
const vectorOf = (id: number): Float32Array =>
  vectors.subarray(id * DIMENSIONS, (id + 1) * DIMENSIONS)
const records = Array.from({ length: COUNT }, (_, id) => ({
  id,
  vector: vectorOf(id),
  payload: { n: id },
}))
const query = clustered(1, DIMENSIONS, 9, 6)
const nearest = bruteForce('cosine', vectors, query, 10).map(({ row }) => BigInt(row))

await withS3Server('vectors', ({ bucket, s3 }) => {
  test('vectors on S3: rows with keys and vectors, with and without an index', async () => {
    for (const index of ['exact', { lists: 20 }] as const) {
      const prefix = `s3://${bucket}/rows-${typeof index}`
      await writeSnapshot(records, {
        prefix,
        s3,
        sharding: { shards: 2 },
        key: 'id',
        value: ({ id }) => ({ id }),
        values: 'json',
        engine: sqliteVec({ index }),
        vector: { dimensions: DIMENSIONS, payload: 'payload' },
      })
      await using reader = await SnapshotReader.open({ prefix, s3, values: 'json' })
      const exact = await reader.search(query, { exact: true, withValues: true })
      assert.deepEqual(
        exact.results.map(({ id }) => id),
        nearest,
      )
      assert.deepEqual(exact.results[0]!.value, { id: Number(nearest[0]) })
      const { results } = await reader.search(query, { recall: 0.99 })
      assert.ok(results.filter(({ id }) => nearest.includes(id as bigint)).length >= 8)
      const verified = await verifySnapshot({ prefix, s3 })
      assert.deepEqual([verified.ok, verified.vectors], [true, COUNT])
    }
  })

  test('vectors on S3: centroids are an object of the run, and a new snapshot is taken up', async () => {
    const prefix = `s3://${bucket}/alone`
    const options = { prefix, s3, dimensions: DIMENSIONS, sharding: { clusters: 4 } }
    await writeVectors(records.slice(0, 1000), options)
    await using reader = await VectorReader.open({ prefix, s3 })
    await writeVectors(records, options)
    assert.equal(await reader.refresh(), true)
    const { results, shardsQueried } = await reader.search(query, { probes: 'all' })
    assert.deepEqual(
      results.map(({ id }) => id),
      nearest,
    )
    assert.deepEqual([shardsQueried, results[0]!.payload], [4, { n: Number(nearest[0]) }])
  })
})
