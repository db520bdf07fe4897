import assert from 'node:assert/strict'
import { test } from 'node:test'
// #region imports
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { sqliteVec, VectorReader, writeVectors } from '@shardyfusion/vector'
// #endregion
import { clearMemoryStore } from '@shardyfusion/core/testing'

test('the snippets of the README work', async (t) => {
  t.after(() => ['products', 'documents'].map(clearMemoryStore))
  // #region write
  const products = [
    { sku: 'anvil', name: 'Anvil', price: 49.9, embedding: [0.1, 0.9, 0.2] },
    { sku: 'cord', name: 'Cord', price: 4.5, embedding: [0.8, 0.2, 0.3] },
    { sku: 'rope', name: 'Rope', price: 8.5, embedding: [0.9, 0.1, 0.3] },
  ]
  const prefix = 'memory://products' // or s3://bucket/products, file:///data/products
  await writeSnapshot(products, {
    prefix,
    sharding: { shards: 2 },
    key: 'sku',
    keyEncoding: 'utf8',
    values: 'json',
    value: ({ name }) => ({ name }),
    engine: sqliteVec(),
    vector: { of: 'embedding', dimensions: 3, payload: ({ price }) => ({ price }) },
  })
  // #endregion
  // #region search
  const reader = await SnapshotReader.open({ prefix, values: 'json' })
  const query = [0.7, 0.1, 0.3]
  const { results } = await reader.search(query, { topK: 2, withValues: true })
  for (const { id, score, payload, value } of results) console.log(id, score, payload, value)
  const cheap = await reader.searchMany([query, query], { where: 'payload.price < 5.0' })
  const similar = await reader.searchLike('rope') // without the rope itself
  await reader.get('rope') // lookups and scans as ever
  await reader.close()
  // #endregion
  assert.deepEqual(
    results.map(({ id, payload, value }) => [id, payload, value]),
    [
      ['rope', { price: 8.5 }, { name: 'Rope' }],
      ['cord', { price: 4.5 }, { name: 'Cord' }],
    ],
  )
  assert.deepEqual(
    cheap.map(({ results: hits }) => hits.map(({ id }) => id)),
    [['cord'], ['cord']],
  )
  assert.deepEqual(
    similar.results.map(({ id }) => id),
    ['cord', 'anvil'],
  )
  // #region vectors
  const documents = products.map(({ sku, embedding }) => ({ id: sku, vector: embedding }))
  await writeVectors(documents, {
    prefix: 'memory://documents',
    dimensions: 3,
    sharding: { clusters: 2 },
    probes: 1,
  })
  const vectors = await VectorReader.open({ prefix: 'memory://documents' })
  const near = await vectors.search(query, { topK: 2 }) // in the shard nearest to the query
  const all = await vectors.search(query, { topK: 2, probes: 'all', exact: true })
  await vectors.close()
  // #endregion
  assert.equal(near.shardsQueried, 1)
  assert.equal(near.results[0]!.id, 'rope')
  assert.deepEqual(
    all.results.map(({ id }) => id),
    ['rope', 'cord'],
  )
})
