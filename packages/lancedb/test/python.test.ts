import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { slatedb, writeSnapshot } from '@shardyfusion/core'
import { tempStore } from '@shardyfusion/core/testing'
import { composite, lancedb } from '@shardyfusion/lancedb'
import { writeVectors } from '@shardyfusion/vector'
import { pythonPeer } from '@shardyfusion/test-support/python-peer'
import { nearest, vectorsOf } from './support/vectors.js'

const JUDGE = fileURLToPath(new URL('../test/support/judge.py', import.meta.url))
const python = pythonPeer('lancedb')
const { skip } = python

interface Job {
  readonly path: string
  readonly queries: readonly (readonly number[])[]
  readonly k: number
  readonly metric: 'cosine' | 'l2' | 'dot' | null
}

interface Judgement {
  readonly count: number
  readonly fields: readonly (readonly [string, string])[]
  readonly found: readonly (readonly [string, number, string | null])[][]
}

const LANCE = { cosine: 'cosine', l2: 'l2', dot_product: 'dot' } as const
const CASES = [
  { count: 1, dimensions: 3, metric: 'cosine', options: {} },
  { count: 300, dimensions: 16, metric: 'cosine', options: {} },
  { count: 9000, dimensions: 20, metric: 'cosine', options: {} },
  { count: 9000, dimensions: 20, metric: 'l2', options: {} },
  { count: 300, dimensions: 7, metric: 'dot_product', options: {} },
  { count: 1000, dimensions: 16, metric: 'l2', options: { index: 'hnsw' } },
  {
    count: 300,
    dimensions: 16,
    metric: 'cosine',
    options: { index: 'none', storageVersion: '2.0' },
  },
] as const

test(
  'LanceDB for Python finds in our shards what computing all distances finds',
  { skip },
  async (t) => {
    const store = await tempStore()
    t.after(() => store.remove())
    const jobs: Job[] = []
    const sets: Float32Array[][] = []
    for (const [i, { count, dimensions, metric, options }] of CASES.entries()) {
      const vectors = vectorsOf(count, dimensions, i + 1)
      const { shards } = await writeVectors(
        vectors.map((vector, id) => ({
          id,
          vector,
          payload: id % 3 === 0 ? undefined : { id, text: 'né' },
        })),
        {
          prefix: `${store.prefix}/${i}`,
          dimensions,
          metric,
          sharding: { explicit: 1 },
          shard: () => 0,
          engine: lancedb(options),
        },
      )
      const isIndexed = !('index' in options) || options.index !== 'none'
      jobs.push({
        path: fileURLToPath(shards[0]!.url!),
        queries: vectorsOf(3, dimensions, 99).map((query) => Array.from(query)),
        k: Math.min(10, count),
        metric: isIndexed ? null : LANCE[metric],
      })
      sets.push(vectors)
    }
    const both = vectorsOf(500, 8, 3)
    const { shards } = await writeSnapshot(
      both.map((embedding, id) => ({ id, embedding })),
      {
        prefix: `${store.prefix}/both`,
        sharding: { shards: 1 },
        key: 'id',
        value: () => new Uint8Array(1),
        engine: composite(slatedb(), lancedb()),
        vector: { of: 'embedding', dimensions: 8, metric: 'dot_product' },
      },
    )
    const path = `${fileURLToPath(shards[0]!.url!)}/vector`
    // One process for all: Python needs seconds to load LanceDB.
    const judged = python.ask<Judgement>(JUDGE, [
      ...jobs,
      { path, queries: [[...both[5]!]], k: 5, metric: null },
    ])
    assert.deepEqual(
      judged.pop()!.found[0]!.map(([id]) => Number(id)),
      nearest('dot_product', both, both[5]!, 5).map(({ row }) => row),
    )
    for (const [i, { count, fields, found }] of judged.entries()) {
      const { metric, dimensions, options } = CASES[i]!
      assert.equal(count, CASES[i]!.count)
      assert.deepEqual(fields, [
        ['id', 'string'],
        ['vector', `fixed_size_list<item: float>[${dimensions}]`],
        ['payload', 'string'],
      ])
      for (const [q, hits] of found.entries()) {
        const query = Float32Array.from(jobs[i]!.queries[q]!)
        const want = nearest(metric, sets[i]!, query, jobs[i]!.k)
        const isExact = !('index' in options) || options.index !== 'hnsw'
        if (!isExact) {
          const ids = new Set(want.map(({ row }) => String(row)))
          assert.ok(hits.filter(([id]) => ids.has(id)).length >= 7)
          continue
        }
        assert.deepEqual(
          hits.map(([id]) => id),
          want.map(({ row }) => String(row)),
        )
        for (const [j, [id, distance, payload]] of hits.entries()) {
          assert.ok(Math.abs(distance - want[j]!.distance) < 1e-4 * Math.max(1, Math.abs(distance)))
          const row = Number(id)
          if (row % 3 === 0) assert.equal(payload, null)
          else assert.deepEqual(JSON.parse(payload!), { id: row, text: 'né' })
        }
      }
    }
  },
)
