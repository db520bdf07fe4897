import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { countStore, mapStore } from '@shardyfusion/core/testing'
import { roundTrips } from '../support/round-trips.js'

const PREFIX = 's3://bucket/prices'
const SHARDS = 64
const ROWS = 2_000

/** A snapshot of 64 shards on something that looks like S3. */
async function published() {
  const objects = await mapStore({
    from: 's3://bucket',
    to: 'memory://bucket',
    store: new MemoryStore(),
  })
  const rows = Array.from({ length: ROWS }, (_, i): [number, string] => [i, `value ${i}`])
  const options = { prefix: PREFIX, objects, values: 'utf8' as const }
  const snapshot = await writeSnapshot(rows, { ...options, sharding: { shards: SHARDS } })
  return { objects, rows, options, shards: snapshot.shards.map(({ url }) => url!) }
}

const methodOf = (request: string): string => request.split(' ')[0]!
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

test('opening a snapshot of 64 shards and a first get take four round trips at most', async () => {
  const { objects, options } = await published()
  const trips = roundTrips(objects)
  const reader = await SnapshotReader.open({ ...options, objects: trips.store })
  const opening = trips.take()
  assert.deepEqual(
    opening.map((requests) => requests.map(methodOf).toSorted(compareText)),
    [['GET'], ['GET', 'LIST']],
  )
  assert.equal(await reader.get(7), 'value 7')
  const first = trips.take()
  // The shard's manifest and the end of its table; then the block, unless the table is so small that it came along.
  assert.ok(first.length <= 2, first.map((requests) => requests.join('\n')).join('\n\n'))
  assert.ok(first.flat().every((request) => request.startsWith('GET ')))
  assert.ok(first.flat().length <= 3)
  assert.equal(await reader.get(7), 'value 7')
  assert.deepEqual(trips.take(), [], 'a warm get')
  await reader.close()
})

test('reading all of a snapshot of 64 shards lists once', async () => {
  const { objects, options, rows } = await published()
  const counter = countStore(objects)
  const reader = await SnapshotReader.open({ ...options, objects: counter.store })
  const keys = rows.map(([key]) => key)
  assert.deepEqual(
    await reader.getMany(keys),
    rows.map(([, value]) => value),
  )
  let scanned = 0
  for await (const _ of reader.scanIter()) scanned++
  assert.equal(scanned, ROWS)
  assert.equal(counter.counts().calls.list, 1)
  assert.equal(counter.counts().requests.delete, 0)
  await reader.close()
})

test('a shard that was replaced by hand after it was listed is found all the same', async () => {
  const { objects, options, shards } = await published()
  const reader = await SnapshotReader.open(options)
  const { id, url } = reader.shardFor(7)
  assert.equal(url, shards[id])
  // The same rows, but under other names.
  for await (const object of objects.list(url!)) {
    const file = object.url.split('/').pop()!
    if (!file.endsWith('.manifest')) continue
    const bytes = (await objects.get(object.url))!
    await objects.put(object.url.replace(file, file.replace('0000000000', '0000000001')), bytes)
    await objects.delete(object.url)
  }
  assert.equal(await reader.get(7), 'value 7')
  await reader.close()
})

test('a listing that fails is no matter: shards are listed when they are opened', async () => {
  const { objects, options } = await published()
  let lists = 0
  const failing = new Proxy(objects, {
    get(target, name) {
      if (name === 'list') {
        return (url: string) => {
          lists++
          if (url.includes('/db=')) return target.list(url)
          throw new Error('listing runs is not allowed')
        }
      }
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
  const reader = await SnapshotReader.open({ ...options, objects: failing })
  assert.equal(await reader.get(7), 'value 7')
  assert.equal(lists, 2)
  await reader.close()
})

test('after a refresh the shards of the new run are listed, those of the old one are not used', async () => {
  const { objects, options, rows } = await published()
  const counter = countStore(objects)
  const reader = await SnapshotReader.open({ ...options, objects: counter.store })
  assert.equal(await reader.get(7), 'value 7')
  await writeSnapshot(
    rows.map(([key]): [number, string] => [key, `new ${key}`]),
    { ...options, sharding: { shards: 3 } },
  )
  counter.reset()
  assert.equal(await reader.refresh(), true)
  assert.equal(await reader.get(7), 'new 7')
  assert.equal(await reader.get(8), 'new 8')
  assert.equal(counter.counts().calls.list, 1)
  await reader.close()
})
