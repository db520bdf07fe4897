import assert from 'node:assert/strict'
import { test } from 'node:test'
// #region imports
import { SnapshotReader, slatedb, writeSnapshot } from '@shardyfusion/core'
import { composite, lancedb } from '@shardyfusion/lancedb'
import { VectorReader, writeVectors } from '@shardyfusion/vector'
// #endregion
import { clearMemoryStore } from '@shardyfusion/core/testing'

test('the snippets of the README work', async (t) => {
  t.after(() => ['documents', 'words'].map(clearMemoryStore))
  // #region vectors
  const documents = [
    { id: 'doc-1', vector: [0.1, 0.9, 0.2], payload: { year: 1999 } },
    { id: 'doc-2', vector: [0.8, 0.2, 0.3], payload: { year: 2012 } },
    { id: 'doc-3', vector: [0.9, 0.1, 0.3], payload: { year: 2005 } },
  ]
  const query = [0.7, 0.1, 0.3]
  const prefix = 'memory://documents' // or s3://bucket/documents, file:///data/documents
  await writeVectors(documents, {
    prefix,
    dimensions: 3,
    sharding: { clusters: 2 },
    engine: lancedb(),
  })
  const reader = await VectorReader.open({ prefix }) // finds LanceDB by the manifest
  const { results } = await reader.search(query, { topK: 2, probes: 'all' })
  const late = await reader.search(query, { where: 'payload.year >= 2010', probes: 'all' })
  await reader.close()
  // #endregion
  assert.deepEqual(
    [results, late.results].map((hits) => hits.map(({ id }) => id)),
    [['doc-3', 'doc-2'], ['doc-2']],
  )
  // #region composite
  const words = documents.map(({ id, vector }) => ({ word: id, embedding: vector }))
  await writeSnapshot(words, {
    prefix: 'memory://words',
    sharding: { shards: 2 },
    key: 'word',
    keyEncoding: 'utf8',
    value: ({ word }) => ({ length: word.length }),
    values: 'json',
    engine: composite(slatedb(), lancedb()),
    vector: { of: 'embedding', dimensions: 3 },
  })
  const both = await SnapshotReader.open({ prefix: 'memory://words', values: 'json' })
  await both.get('doc-1')
  const near = await both.search(query, { topK: 1, withValues: true })
  const similar = await both.searchLike('doc-3') // without the word itself
  await both.close()
  // #endregion
  assert.deepEqual(near.results[0], {
    id: 'doc-3',
    score: near.results[0]!.score,
    payload: undefined,
    shard: near.results[0]!.shard,
    value: { length: 5 },
  })
  assert.deepEqual(
    similar.results.map(({ id }) => id),
    ['doc-2', 'doc-1'],
  )
})
