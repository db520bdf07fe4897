import assert from 'node:assert/strict'
import { test } from 'node:test'
// #region imports
import { SnapshotReader, slatedb, writeSnapshot } from '@shardyfusion/core'
import { composite, lancedb } from '@shardyfusion/lancedb'
import { VectorReader, writeVectors } from '@shardyfusion/vector'
// #endregion

const DIMENSIONS = 32

test('the snippets of the README work', async () => {
  let state = 5
  const next = (): number => (state = (state * 48271) % 2147483647) / 2147483647 - 0.5
  const vectors = Array.from({ length: 300 }, () => Array.from({ length: DIMENSIONS }, next))
  const documents = vectors.map((vector, i) => ({
    id: `doc-${i}`,
    vector,
    payload: { year: 1990 + (i % 40) },
  }))
  const words = vectors.map((embedding, i) => ({ word: `word-${i}`, embedding }))
  const query = vectors[7]!
  // #region vectors
  const prefix = 'memory://readme/documents' // or s3://bucket/documents, file:///data/documents
  await writeVectors(documents, {
    prefix,
    dimensions: 32,
    sharding: { clusters: 4 },
    engine: lancedb(),
  })
  await using reader = await VectorReader.open({ prefix }) // finds LanceDB by the manifest
  const { results } = await reader.search(query, { topK: 5, probes: 2 })
  await reader.search(query, { where: 'payload.year >= 2010', probes: 'all' })
  // #endregion
  assert.equal(results[0]!.id, 'doc-7')
  assert.ok(results[0]!.score < 1e-6)
  // #region composite
  await writeSnapshot(words, {
    prefix: 'memory://readme/words',
    sharding: { shards: 2 },
    key: 'word',
    keyEncoding: 'utf8',
    value: ({ word }) => ({ length: word.length }),
    values: 'json',
    engine: composite(slatedb(), lancedb()),
    vector: { of: 'embedding', dimensions: 32 },
  })
  await using both = await SnapshotReader.open({ prefix: 'memory://readme/words', values: 'json' })
  await both.get('word-7')
  const near = await both.search(query, { topK: 3, withValues: true })
  const similar = await both.searchLike('word-7') // without the word itself
  // #endregion
  assert.deepEqual(near.results[0], {
    id: 'word-7',
    score: near.results[0]!.score,
    payload: undefined,
    shard: near.results[0]!.shard,
    value: { length: 6 },
  })
  assert.ok(similar.results.every(({ id }) => id !== 'word-7'))
})
