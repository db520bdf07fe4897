import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openObjectStore, SnapshotReader, slatedb, writeSnapshot } from '@shardyfusion/core'
import { interceptStore } from '@shardyfusion/core/testing'
import { composite, lancedb } from '@shardyfusion/lancedb'
import { VectorReader } from '@shardyfusion/vector'
import { withS3Server } from '../../core/dist-test/support/s3-server.js'
import { copyGolden, goldenExpected } from './support/golden.js'
import { nearest, vectorsOf } from './support/vectors.js'

await withS3Server('LanceDB shards', ({ bucket, s3 }) => {
  test('S3: written, searched and read by key; a reader writes nothing and leaves no files', async (t) => {
    const temporaryFolder = await mkdtemp(join(tmpdir(), 'shardyfusion-s3-'))
    t.after(() => rm(temporaryFolder, { recursive: true }))
    const prefix = `s3://${bucket}/words`
    const vectors = vectorsOf(700, 12, 31)
    const engine = composite(slatedb(), lancedb({ temporaryFolder }))
    await writeSnapshot(
      vectors.map((embedding, id) => ({ id, embedding })),
      {
        prefix,
        s3,
        sharding: { shards: 2 },
        key: 'id',
        values: 'json',
        value: ({ id }) => ({ id }),
        engine,
        vector: { of: 'embedding', dimensions: 12, metric: 'l2' },
      },
    )
    assert.deepEqual(await readdir(temporaryFolder), [])
    const calls: string[] = []
    const store = await openObjectStore(prefix, { s3 })
    t.after(() => store.close?.())
    const objects = interceptStore(store, { before: ({ operation }) => void calls.push(operation) })
    const reader = await SnapshotReader.open({ prefix, objects, engine, values: 'json' })
    const { results } = await reader.search(vectors[9]!, { topK: 6, withValues: true })
    const want = nearest('l2', vectors, vectors[9]!, 6)
    assert.deepEqual(
      results.map(({ id, value }) => [id, value]),
      want.map(({ row }) => [String(row), { id: row }]),
    )
    assert.equal((await readdir(temporaryFolder)).length, 2)
    const before = calls.length
    await reader.search(vectors[10]!, { topK: 6 })
    assert.equal(calls.length, before, 'a shard is read from storage once')
    await reader.close()
    assert.deepEqual(await readdir(temporaryFolder), [])
    assert.ok(
      calls.every((operation) => ['get', 'head', 'list', 'listPrefixes'].includes(operation)),
    )
  })

  test('S3: snapshots of the Python project are found by their manifest', async () => {
    const name = 'lv-indexed-l2-none'
    const prefix = `s3://${bucket}/${name}`
    const store = await openObjectStore(prefix, { s3 })
    await copyGolden(name, store, prefix)
    await store.close?.()
    await using reader = await VectorReader.open({ prefix, s3, shardUrls: 'rebase' })
    for (const { query, top_k: topK, num_probes: probes, exact } of goldenExpected(name).searches) {
      const { results } = await reader.search(query, { topK, probes })
      assert.deepEqual(
        results.map(({ id }) => id),
        exact!.map(({ id }) => String(id)),
      )
    }
  })
})
