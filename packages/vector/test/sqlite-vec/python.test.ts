import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { sqliteVec } from '@shardyfusion/vector'
import { pythonPeer } from '@shardyfusion/test-support/python-peer'
import { bruteForce, gaussians } from '../support/vectors.js'

const JUDGE = fileURLToPath(new URL('../../test/support/judge.py', import.meta.url))
const python = pythonPeer('sqlite_vec')
const { skip } = python

interface Judgement {
  readonly integrity: readonly string[]
  readonly count: number
  readonly kv: number
  readonly found: readonly (readonly [number, number])[][]
  readonly ids: Readonly<Record<string, string>>
  readonly inserted: number
  readonly afterDelete: readonly (readonly [number, number])[][]
  readonly integrityAfter: readonly string[]
}

test(
  'the extension sqlite-vec searches and changes the files written here, and they are read back',
  { skip },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'shardyfusion-vec-'))
    t.after(() => rm(folder, { recursive: true }))
    for (const [count, dimensions, metric, pageSize] of [
      [0, 3, 'cosine', 4096],
      [1, 8, 'l2', 4096],
      [1023, 7, 'cosine', 8192],
      [1024, 5, 'l2', 4096],
      [2600, 100, 'cosine', 65536],
      [1100, 1, 'l2', 4096],
    ] as const) {
      const prefix = pathToFileURL(join(folder, `${count}-${dimensions}`)).href
      const vectors = gaussians(count, dimensions, count + 1)
      const rows = Array.from({ length: count }, (_, id) => ({ id }))
      const options = {
        prefix,
        sharding: { shards: 1 },
        key: 'id',
        values: 'json',
        // The tables of an index do not disturb the extension.
        engine: sqliteVec({ pageSize, index: count > 2000 ? { lists: 16 } : 'exact' }),
        vector: {
          of: ({ id }: { id: number }) => vectors.subarray(id * dimensions, (id + 1) * dimensions),
          payload: ({ id }: { id: number }) => ({ id, text: 'né' }),
          dimensions,
          metric,
        },
      } as const
      const { shards } = await writeSnapshot(rows, options)
      if (count === 0) {
        assert.equal(shards[0]!.url, undefined)
        continue
      }
      const path = join(fileURLToPath(shards[0]!.url!), 'shard.db')
      const queries = gaussians(3, dimensions, 99)
      const list = Array.from({ length: 3 }, (_, q) => [
        ...queries.subarray(q * dimensions, (q + 1) * dimensions),
      ])
      const k = Math.min(20, count)
      const [judged] = python.ask<Judgement>(JUDGE, [{ path, queries: list, k }])
      assert.deepEqual(judged!.integrity, ['ok'])
      assert.deepEqual([judged!.count, judged!.kv], [count, count])
      for (const [q, query] of list.entries()) {
        const want = bruteForce(metric, vectors, Float32Array.from(query), k)
        for (const [i, [, distance]] of judged!.found[q]!.entries())
          assert.ok(Math.abs(distance - want[i]!.distance) < 1e-5)
        if (dimensions > 1)
          assert.deepEqual(
            judged!.found[q]!.map(([row]) => row),
            want.map(({ row }) => row),
          )
      }
      assert.equal(judged!.ids['0'], '{"v": 0, "t": "int"}')
      assert.equal(judged!.inserted, count)
      assert.deepEqual(judged!.integrityAfter, ['ok'])
      // The extension has left holes in the blocks: the file it changed is read as it searches it.
      await using reader = await SnapshotReader.open({ prefix })
      const found = await reader.searchMany(list, { topK: k })
      for (const [q, { results }] of found.entries()) {
        assert.deepEqual(
          results.map(({ score }) => score.toFixed(4)),
          judged!.afterDelete[q]!.map(([, distance]) => distance.toFixed(4)),
        )
        if (dimensions > 1)
          assert.deepEqual(
            results.map(({ id }) => Number(id)),
            judged!.afterDelete[q]!.map(([row]) => row),
          )
      }
    }
    assert.ok((await readdir(folder)).length >= 5)
  },
)
