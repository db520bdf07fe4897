import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { FileStore, type SearchResult, SnapshotReader } from '@shardyfusion/core'
import type { SessionOptions } from '@shardyfusion/core/extend'
import { lancedb } from '@shardyfusion/lancedb'
import { VectorReader } from '@shardyfusion/vector'
import {
  contextOf,
  copyGolden,
  goldenExpected,
  goldenInMemory,
  goldenNames,
  type GoldenSearch,
} from './support/golden.js'

const TOLERANCE = 1e-5

for (const name of goldenNames()) {
  test(`${name}: the truly nearest, in order, with the distances of the manifest's metric`, async () => {
    await checkAll(name, await goldenInMemory(name))
  })
}

test('a snapshot in a folder is searched where it is', async (t) => {
  for (const name of ['lv-cluster-l2', 'ul-slatedb-cosine']) {
    const folder = await mkdtemp(join(tmpdir(), 'shardyfusion-golden-'))
    t.after(() => rm(folder, { recursive: true }))
    const prefix = pathToFileURL(join(folder, name)).href
    await copyGolden(name, new FileStore(), prefix)
    await checkAll(name, { prefix, shardUrls: 'rebase' })
  }
})

test('the indexes of Python with scalar quantization answer with exact distances', async () => {
  for (const metric of ['cosine', 'l2', 'dot_product']) {
    const name = `lv-indexed-${metric}-fp16`
    const place = await goldenInMemory(name)
    await using reader = await VectorReader.open({ ...place, engine: lancedb({ exactUpTo: 0 }) })
    for (const { query, top_k: topK, num_probes: probes, exact } of goldenExpected(name).searches) {
      const { results } = await reader.search(query, { topK, probes })
      assert.ok(exact)
      const distances = new Map(exact.map(({ id, distance }) => [String(id), distance]))
      const found = results.filter(({ id }) => distances.has(id as string))
      assert.ok(found.length >= 0.9 * exact.length, `${found.length} of ${exact.length}`)
      for (const { id, score } of found)
        assert.ok(
          Math.abs(score - distances.get(id as string)!) < 1e-4 * Math.max(1, Math.abs(score)),
        )
      // An answer that a recall is asked of comes from all vectors.
      const asked = await reader.search(query, { topK, probes, recall: 0.9 })
      assert.deepEqual(
        asked.results.map(({ id }) => id),
        exact.map(({ id }) => String(id)),
      )
    }
  }
})

async function checkAll(name: string, place: SessionOptions): Promise<void> {
  const { kind, searches: all, keys = [] } = goldenExpected(name)
  const searches = all.filter(({ error }) => error === undefined)
  assert.ok(searches.length >= 3)
  if (kind === 'vector') {
    await using reader = await VectorReader.open(place)
    for (const search of searches) {
      const { query, top_k: topK, num_probes: probes, shard_ids: shards } = search
      const context = contextOf(search)
      check(await reader.search(query, { topK, probes, shards, context }), search)
    }
    return
  }
  await using reader = await SnapshotReader.open(place)
  assert.match(reader.info().shardFormat, /^(slatedb|sqlite)\+lancedb$/)
  for (const search of searches) {
    const { query, top_k: topK, shard_ids: shards } = search
    const context = contextOf(search)
    check(await reader.search(query, { topK, shards, context }), search)
  }
  for (const { key, value, context } of keys) {
    const bytes = await reader.get(keyOf(key), { context })
    assert.equal(Buffer.from(bytes!).toString('hex'), value)
  }
}

function check({ results, shardsQueried }: SearchResult, search: GoldenSearch): void {
  assert.equal(shardsQueried, search.num_shards_queried)
  const payloads = new Map(search.results.map(({ id, payload }) => [id, payload]))
  assert.equal(results.length, search.results.length)
  for (const { id, payload } of results)
    if (payloads.has(id as string)) assert.deepEqual(payload ?? null, payloads.get(id as string))
  const distances = (search.exact ?? []).map(({ distance }) => distance)
  for (const [i, { id, distance }] of (search.exact ?? []).entries()) {
    const hit = results[i]!
    assert.ok(
      Math.abs(hit.score - distance) < TOLERANCE,
      `score ${hit.score} of hit ${i}, expected ${distance}`,
    )
    const isTie = distances.some((other, j) => j !== i && Math.abs(other - distance) < TOLERANCE)
    if (!isTie) assert.equal(hit.id, String(id))
  }
}

function keyOf(tagged: string): bigint | string | Uint8Array {
  const text = tagged.slice(2)
  if (tagged.startsWith('i:')) return BigInt(text)
  return tagged.startsWith('b:') ? new Uint8Array(Buffer.from(text, 'hex')) : text
}
