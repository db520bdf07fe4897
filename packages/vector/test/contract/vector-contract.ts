import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SnapshotReader } from '@shardyfusion/core'
import {
  readNpy,
  sqliteVec,
  type VectorReader as AnyVectorReader,
  writeNpy,
  type writeVectors as AnyWriteVectors,
} from '@shardyfusion/vector'
import { DOCUMENT_DIMENSIONS, documents, documentVectors } from '../support/documents.js'
import { bruteForce, clustered, gaussians } from '../support/vectors.js'

export interface VectorHarness {
  readonly name: string
  readonly api: {
    readonly VectorReader: typeof AnyVectorReader
    readonly writeVectors: typeof AnyWriteVectors
    readonly SnapshotReader: typeof SnapshotReader
  }
  /** A prefix below which nothing is published yet. */
  newPrefix(): string
}

function exactIds(query: Float32Array, k: number, keep = (_row: number) => true): string[] {
  const all = bruteForce('cosine', documentVectors, query, documents.length).filter(({ row }) =>
    keep(row),
  )
  return all.slice(0, k).map(({ row }) => `doc-${row}`)
}

/** How snapshots of vectors without keys are written and searched. */
export function vectorContract(harness: VectorHarness): void {
  const { SnapshotReader, VectorReader, writeVectors } = harness.api
  const check = (name: string, body: () => Promise<void>): void => {
    test(`vectors in ${harness.name}: ${name}`, body)
  }

  check(
    'clusters: trained centroids; all probes find what computing all distances finds, few find most',
    async () => {
      const prefix = harness.newPrefix()
      const published = await writeVectors(documents, {
        prefix,
        dimensions: DOCUMENT_DIMENSIONS,
        sharding: { clusters: 8 },
        probes: 2,
      })
      assert.equal(published.rowCount, documents.length)
      assert.equal(
        published.shards.reduce((sum, { rowCount }) => sum + rowCount, 0),
        documents.length,
      )
      await using reader = await VectorReader.open({ prefix, maxOpenShards: 3 })
      const queries = clustered(40, DOCUMENT_DIMENSIONS, 12, 4)
      const all = await reader.searchMany(queries, { topK: 10, probes: 'all' })
      const some = await reader.searchMany(queries, { topK: 10 })
      let hits = 0
      for (const [q, { results, shardsQueried }] of all.entries()) {
        const query = queries.subarray(q * DOCUMENT_DIMENSIONS, (q + 1) * DOCUMENT_DIMENSIONS)
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
      const filtered = await reader.search(queries.subarray(0, DOCUMENT_DIMENSIONS), {
        probes: 'all',
        where: 'payload.n % 50 == 0',
      })
      assert.deepEqual(
        filtered.results.map(({ id }) => id),
        exactIds(queries.subarray(0, DOCUMENT_DIMENSIONS), 10, (row) => row % 50 === 0),
      )
      await assert.rejects(SnapshotReader.open({ prefix }), {
        code: 'SHARD_MANIFEST',
        message: /vector snapshot without keys/,
      })
    },
  )

  check('given centroids as .npy, LSH, explicit and CEL: every vector is found again', async () => {
    const centroids = readNpy(
      writeNpy({
        rows: 5,
        columns: DOCUMENT_DIMENSIONS,
        values: new Float64Array(gaussians(5, DOCUMENT_DIMENSIONS, 1)),
      }),
    )
    for (const sharding of [
      { centroids },
      { lsh: 6 },
      { explicit: 5 },
      { cel: 'lang', columns: { lang: 'string' }, values: ['de', 'en'] },
    ] as const) {
      const prefix = harness.newPrefix()
      await writeVectors(documents, {
        prefix,
        dimensions: DOCUMENT_DIMENSIONS,
        sharding,
        engine: sqliteVec(),
      })
      await using reader = await VectorReader.open({ prefix })
      const byVector = 'centroids' in sharding || 'lsh' in sharding
      const query = gaussians(1, DOCUMENT_DIMENSIONS, 31)
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

  check('writers say which record is wrong, and publish nothing', async () => {
    const prefix = harness.newPrefix()
    const options = { prefix, dimensions: DOCUMENT_DIMENSIONS }
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
    await assert.rejects(VectorReader.open({ prefix }), { code: 'SHARD_NOT_FOUND' })
  })

  check('readers move to the next snapshot', async () => {
    const prefix = harness.newPrefix()
    const options = { prefix, dimensions: DOCUMENT_DIMENSIONS, sharding: { clusters: 4 } }
    await writeVectors(documents.slice(0, 500), options)
    await using reader = await VectorReader.open({ prefix })
    assert.equal(reader.info().totalVectors, 500)
    assert.equal(await reader.refresh(), false)
    await writeVectors(documents, options)
    assert.equal(await reader.refresh(), true)
    assert.equal(reader.info().totalVectors, documents.length)
    assert.equal(reader.shards().length, 4)
    const packed = await reader.searchChunk(documentVectors.subarray(0, 3 * DOCUMENT_DIMENSIONS), {
      topK: 2,
    })
    assert.deepEqual([packed.queries, packed.count, packed.id(0)], [3, 6, 'doc-0'])
    assert.equal(reader.health().status, 'healthy')
  })
}
