import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listSnapshots, rollbackSnapshot } from '@shardyfusion/core/maintain'
import { MemoryStore, writeSnapshot } from '@shardyfusion/core'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import type { ObjectStore } from '@shardyfusion/core/extend'
import { countStore } from '@shardyfusion/core/testing'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const PREFIX = 'memory://place/prices'

async function threeSnapshots() {
  const objects = new MemoryStore()
  const options = { prefix: PREFIX, objects, engine: 'wasm', values: 'utf8' } as const
  const rows = Array.from({ length: 20 }, (_, i): [number, string] => [i, `value ${i}`])
  const published = []
  for (let i = 0; i < 3; i++)
    published.push(await writeSnapshot(rows, { ...options, sharding: { shards: 2 } }))
  const [a, b, c] = published
  return { objects, place: { prefix: PREFIX, objects }, a: a!, b: b!, c: c! }
}

const currentRun = async (objects: ObjectStore) =>
  (await new ObjectManifestStore(objects, PREFIX).loadCurrent())?.runId

const dataOf = (runId: string) => `${PREFIX}/shards/run_id=${runId}`

test('rollback: a snapshot whose data is gone is refused, and the pointer stays', async () => {
  const { objects, place, a, b, c } = await threeSnapshots()
  await objects.deletePrefix(dataOf(b.runId))
  await rejectsWith('SHARD_NOT_FOUND', /2 of 2 shards are missing .*it has no objects/, () =>
    rollbackSnapshot({ ...place, offset: 1 }),
  )
  assert.equal(await currentRun(objects), c.runId)
  await rollbackSnapshot({ ...place, runId: a.runId })
  assert.equal(await currentRun(objects), a.runId)
})

test('rollback: a snapshot of which one object is gone or cut short is refused, unless it is forced', async () => {
  const { objects, place, b, c } = await threeSnapshots()
  const tables: string[] = []
  for await (const { url } of objects.list(dataOf(b.runId)))
    if (url.includes('/compacted/')) tables.push(url)
  const bytes = (await objects.get(tables[1]!))!
  await objects.put(tables[1]!, bytes.slice(1))
  await rejectsWith('SHARD_NOT_FOUND', /1 of 2 shards .*shard 1: .*\.sst has \d+ bytes/, () =>
    rollbackSnapshot({ ...place, runId: b.runId }),
  )
  assert.equal(await currentRun(objects), c.runId)
  await rollbackSnapshot({ ...place, runId: b.runId, checkShards: false })
  assert.equal(await currentRun(objects), b.runId)
})

test('rollback: a manifest under the name of another run is refused', async () => {
  const { objects, place, a, b } = await threeSnapshots()
  await objects.put(b.manifestRef, (await objects.get(a.manifestRef))!)
  await rejectsWith('SHARD_MANIFEST', /belongs to run/, () =>
    rollbackSnapshot({ ...place, runId: b.runId }),
  )
})

test('rollback: shards of an engine without seals have to be there', async () => {
  const { engine, ...place } = memoryPlace()
  const a = await publishRows({ ...place, engine }, 'a')
  await publishRows({ ...place, engine }, 'b')
  await place.objects.deletePrefix(a.shards[2]!.url!)
  await rejectsWith('SHARD_NOT_FOUND', /1 of 3 shards .*shard 2: it has no objects/, () =>
    rollbackSnapshot({ ...place, offset: 1 }),
  )
})

test('listSnapshots: marks snapshots whose data is gone, and manifests of other runs', async () => {
  const { objects, place, a, b, c } = await threeSnapshots()
  const data = async () =>
    (await listSnapshots(place)).map(({ runId, data: is, problem }) => [
      runId,
      is,
      problem?.slice(0, 16),
    ])
  assert.deepEqual(await data(), [
    [c.runId, 'present', undefined],
    [b.runId, 'present', undefined],
    [a.runId, 'present', undefined],
  ])
  await objects.deletePrefix(dataOf(a.runId))
  await objects.deletePrefix(dataOf(c.runId))
  await objects.put(c.manifestRef, (await objects.get(b.manifestRef))!)
  assert.deepEqual(await data(), [
    [c.runId, 'present', 'the manifest "me'],
    [b.runId, 'present', undefined],
    [a.runId, 'missing', 'its data is miss'],
  ])
  const unchecked = await listSnapshots({ ...place, checkData: false })
  assert.deepEqual(new Set(unchecked.map((listed) => listed.data)), new Set(['unknown']))
})

test('listSnapshots: snapshots without rows, and manifests that cannot be read, are told apart', async () => {
  const { objects, place, b } = await threeSnapshots()
  const options = { ...place, engine: 'wasm', sharding: { shards: 2 } } as const
  const empty = await writeSnapshot([], options)
  await objects.put(b.manifestRef, new Uint8Array(50))
  await objects.deletePrefix(dataOf(b.runId))
  const listed = new Map((await listSnapshots(place)).map((one) => [one.runId, one]))
  assert.equal(listed.get(empty.runId)?.data, 'present')
  assert.equal(listed.get(b.runId)?.data, 'unknown')
  assert.match(listed.get(b.runId)?.problem ?? '', /SQLite/)
})

test('listSnapshots: a history of sound snapshots takes five requests, however long it is', async () => {
  const { objects, place } = await threeSnapshots()
  const counter = countStore(objects)
  await listSnapshots({ ...place, objects: counter.store })
  const { get, list, head, listPrefixes } = counter.counts().calls
  // The pointer and the current manifest; the names of manifests and of runs with data; the first object of one.
  assert.deepEqual({ get, list, head, listPrefixes }, { get: 2, list: 1, head: 0, listPrefixes: 2 })
})
