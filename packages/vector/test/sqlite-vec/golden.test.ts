import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SnapshotReader } from '@shardyfusion/core'
import { sqliteVec } from '@shardyfusion/vector'
import { openGolden } from '../support/golden.js'

const SNAPSHOTS = [
  'sv-cosine-bytes',
  'sv-cosine-cel',
  'sv-cosine-int',
  'sv-l2-chunks',
  'sv-l2-mixed',
  'sv-l2-str',
]

for (const name of SNAPSHOTS) {
  test(`${name}: the same answers as the Python project, and every row by its key`, async () => {
    const { prefix, objects, expected } = await openGolden(name)
    await using reader = await SnapshotReader.open({ prefix, objects, shardUrls: 'rebase' })
    assert.equal(sqliteVec().format, reader.vectors()!.backend)
    assert.ok(expected.searches.length >= 5)
    for (const search of expected.searches) {
      const { query, top_k: topK, shard_ids: shards, routing_context: context } = search
      const found = await reader.search(query, { topK, shards, context })
      assert.equal(found.shardsQueried, search.num_shards_queried)
      assert.deepEqual(
        found.results.map(({ id }) => id),
        search.results.map(({ id, id_type }) => (id_type === 'int' ? BigInt(id) : id)),
      )
      for (const [i, { score, payload }] of search.results.entries()) {
        const hit = found.results[i]!
        assert.ok(Math.abs(hit.score - score) < 1e-5, `score ${hit.score}, Python has ${score}`)
        assert.deepEqual(hit.payload ?? null, payload)
      }
    }
    for (const { key, value, context } of expected.keys) {
      const bytes = await reader.get(keyOf(key), { context })
      assert.equal(Buffer.from(bytes!).toString('hex'), value)
    }
  })
}

function keyOf(tagged: string): bigint | string | Uint8Array {
  const text = tagged.slice(2)
  if (tagged.startsWith('i:')) return BigInt(text)
  return tagged.startsWith('b:') ? new Uint8Array(Buffer.from(text, 'hex')) : text
}
