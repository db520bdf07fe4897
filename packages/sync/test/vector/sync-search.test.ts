import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SnapshotReaderSync, SnapshotWriterSync, writeSnapshotSync } from '@shardyfusion/sync'
import { VectorReaderSync, writeVectorsSync } from '@shardyfusion/sync/vector'
// Its engine is then found by readers of this package as well, whatever node_modules look like.
import { kernelKind } from '@shardyfusion/vector'

const rows = Array.from({ length: 300 }, (_, id) => ({ id, vector: [id, 1, -id] }))

function published(name: string): string {
  const prefix = `memory://sync-search/${name}`
  // No engine is named: that of vectors is chosen.
  writeSnapshotSync(rows, {
    prefix,
    sharding: { shards: 2 },
    key: 'id',
    value: ({ id }) => ({ id }),
    values: 'json',
    vector: { dimensions: 3, metric: 'l2' },
  })
  return prefix
}

test('the package that stores vectors is loaded', async () => {
  assert.ok(['relaxed-simd', 'simd', 'javascript'].includes(await kernelKind()))
})

test('many queries cross threads in one call, and so do their results', () => {
  using reader = SnapshotReaderSync.open({ prefix: published('many'), values: 'json' })
  reader.vectors()
  const queries = rows.slice(0, 100).map(({ vector }) => vector)
  const found = reader.searchMany(queries, { topK: 1, withValues: true })
  assert.deepEqual(
    found.map(({ results }) => results[0]!.value),
    rows.slice(0, 100).map(({ id }) => ({ id })),
  )
  const chunk = reader.searchChunk(queries, { topK: 2 })
  assert.deepEqual([chunk.queries, chunk.count, chunk.id(0)], [100, 200, 0n])
})

test('a where that is a function is refused, and so are unknown options', () => {
  using reader = SnapshotReaderSync.open({ prefix: published('where') })
  assert.throws(() => reader.search([1, 2, 3], { where: (() => true) as never }), {
    code: 'SHARD_INVALID_OPTION',
    message: /^SnapshotReaderSync.search: where must be a CEL expression, got a function/,
  })
  assert.throws(() => reader.search([1, 2, 3], { top_k: 3 } as object), {
    code: 'SHARD_INVALID_OPTION',
    message: /top_k/,
  })
  assert.throws(() => reader.search([1, 2]), {
    code: 'SHARD_INVALID_VALUE',
    message: /^SnapshotReaderSync.search: a vector must have 3 values/,
  })
  reader.close()
  assert.throws(() => reader.search([1, 2, 3]), { code: 'SHARD_CLOSED' })
})

test('a bad vector is refused by its put, names its record, and loses nothing', () => {
  using writer = SnapshotWriterSync.open({
    prefix: 'memory://sync-search/bad',
    sharding: { shards: 1 },
    vector: { dimensions: 2 },
  })
  assert.throws(() => writer.put(1, new Uint8Array(1), undefined, { vector: [0, 0] }), {
    code: 'SHARD_INVALID_VALUE',
    message: /^SnapshotWriterSync.put: a vector of zeros/,
  })
  writer.put(1, new Uint8Array(1), undefined, { vector: [1, 0] })
  assert.equal(writer.publish().rowCount, 1)
  const bad = [
    { id: 1, vector: [1, 2] },
    { id: 2, vector: [NaN, 2] },
  ]
  const options = { prefix: 'memory://sync-search/bad-v', dimensions: 2, sharding: { lsh: 2 } }
  assert.throws(() => writeVectorsSync(bad, options), {
    code: 'SHARD_INVALID_VALUE',
    message: /^record 1: writeVectorsSync: a vector must have finite numbers/,
  })
  assert.throws(() => VectorReaderSync.open({ prefix: options.prefix }), {
    code: 'SHARD_NOT_FOUND',
  })
  assert.throws(() => writeVectorsSync(bad, { ...options, sharding: { lsh: 0 } }), {
    code: 'SHARD_INVALID_OPTION',
    message: /sharding/,
  })
})
