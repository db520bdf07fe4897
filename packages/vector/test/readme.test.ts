import assert from 'node:assert/strict'
import { test } from 'node:test'
// #region imports
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { sqliteVec, VectorReader, writeVectors } from '@shardyfusion/vector'
// #endregion
import { clustered } from './support/vectors.js'

const DIMENSIONS = 32

test('the snippets of the README work', async () => {
  const values = clustered(400, DIMENSIONS, 8, 3)
  const vectorOf = (i: number): Float32Array =>
    values.subarray(i * DIMENSIONS, (i + 1) * DIMENSIONS)
  const words = Array.from({ length: 400 }, (_, i) => ({
    word: `word-${i}`,
    embedding: vectorOf(i),
    meaning: `meaning ${i}`,
    year: 1900 + (i % 100),
  }))
  const query = vectorOf(7)
  const prefix = 'memory://readme/words'
  // #region write
  await writeSnapshot(words, {
    prefix,
    sharding: { shards: 4 },
    key: 'word',
    keyEncoding: 'utf8',
    values: 'json',
    value: ({ meaning }) => ({ meaning }),
    engine: sqliteVec(),
    vector: { of: 'embedding', dimensions: 32, payload: ({ year }) => ({ year }) },
  })
  // #endregion
  // #region search
  await using reader = await SnapshotReader.open({ prefix, values: 'json' })
  const { results } = await reader.search(query, { topK: 5, withValues: true })
  for (const { id, score, payload, value } of results) console.log(id, score, payload, value)
  const lists = await reader.searchMany([query, query], { where: 'payload.year >= 1950' })
  const similar = await reader.searchLike('word-7') // without the word itself
  await reader.get('word-7') // lookups and scans as ever
  // #endregion
  assert.equal(results[0]!.id, 'word-7')
  assert.deepEqual(results[0]!.value, { meaning: 'meaning 7' })
  assert.equal(lists[1]!.results.length, 10)
  assert.ok(similar.results.every(({ id }) => id !== 'word-7'))
  const documents = words.map(({ word, embedding }) => ({ id: word, vector: embedding }))
  // #region vectors
  await writeVectors(documents, {
    prefix: 'memory://readme/documents',
    dimensions: 32,
    sharding: { clusters: 8 },
    probes: 2,
  })
  await using vectors = await VectorReader.open({ prefix: 'memory://readme/documents' })
  await vectors.search(query, { topK: 5 }) // in the 2 shards nearest to the query
  await vectors.search(query, { topK: 5, probes: 'all', exact: true })
  // #endregion
  const { results: found } = await vectors.search(query, { topK: 1, probes: 'all' })
  assert.equal(found[0]!.id, 'word-7')
})
