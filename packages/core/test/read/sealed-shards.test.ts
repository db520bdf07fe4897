import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isShardyfusionError, MemoryStore, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import type { ObjectStore } from '@shardyfusion/core/extend'
import { countStore } from '@shardyfusion/core/testing'
import { liveEngine } from '../support/live-engine.js'

const PREFIX = 'memory://place/prices'
const ROWS = 3_000
const ENGINE = 'wasm' as const

/** A snapshot of two shards, each of several tables and manifests. */
async function published() {
  const objects = new MemoryStore()
  const rows = Array.from({ length: ROWS }, (_, i): [number, Uint8Array] => [
    i,
    crypto.getRandomValues(new Uint8Array(2_000)),
  ])
  const snapshot = await writeSnapshot(rows, {
    prefix: PREFIX,
    objects,
    engine: liveEngine({ l0_sst_size_bytes: 1 << 20, max_unflushed_bytes: 2 << 20 }),
    sharding: { shards: 2 },
  })
  const urls = snapshot.shards.map(({ url }) => url!)
  return { objects, rows, urls, runId: snapshot.runId }
}

async function everyUrl(objects: ObjectStore, below: string): Promise<string[]> {
  const urls: string[] = []
  for await (const { url } of objects.list(below)) urls.push(url)
  return urls
}

function pathsOf(objects: ObjectStore, url: string, folder: string): Promise<string[]> {
  return everyUrl(objects, `${url}/${folder}`)
}

async function flip(objects: ObjectStore, url: string, at: number): Promise<void> {
  const bytes = (await objects.get(url))!.slice()
  bytes[at]! ^= 1
  await objects.put(url, bytes)
}

/** Looks every row up: the number of those found and of those that failed; anything else is wrong. */
async function lookUpAll({ objects, rows }: Awaited<ReturnType<typeof published>>) {
  await using reader = await SnapshotReader.open({ prefix: PREFIX, objects, engine: ENGINE })
  let found = 0
  const errors: unknown[] = []
  for (const [key, value] of rows) {
    try {
      const got = await reader.get(key)
      assert.ok(got !== undefined, `key ${key} is "not there"`)
      assert.deepEqual(got, value)
      found++
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
      errors.push(error)
    }
  }
  return { found, errors }
}

function assertDamaged(errors: readonly unknown[], message: RegExp): void {
  assert.ok(errors.length > 0)
  for (const error of errors) {
    assert.ok(isShardyfusionError(error))
    assert.equal(error.code, 'SHARD_ENGINE')
    assert.equal(error.retryable, false)
    assert.match(error.message, message)
    assert.equal(error.details['damaged'], true)
  }
}

test('a shard that lost its newest manifests is damaged, not smaller, and the other one is read', async () => {
  const place = await published()
  const { objects, urls } = place
  const manifests = await pathsOf(objects, urls[0]!, 'manifest')
  assert.ok(manifests.length > 4, 'the shard has older versions to fall back to')
  for (const url of manifests.slice(-2)) await objects.delete(url)
  const { found, errors } = await lookUpAll(place)
  assertDamaged(errors, /damaged: .*\.manifest is missing/)
  assert.equal(found + errors.length, ROWS)
  assert.ok(found > 1_000)
})

const damages: [
  name: string,
  message: RegExp,
  damage: (o: ObjectStore, url: string) => Promise<unknown>,
][] = [
  [
    'a table is missing',
    /damaged: .*compacted\/\w+\.sst is missing/,
    async (objects, url) => objects.delete((await pathsOf(objects, url, 'compacted'))[1]!),
  ],
  [
    'a table is cut short',
    /damaged: .*compacted\/\w+\.sst has 5000 bytes instead of \d+/,
    async (objects, url) => {
      const [table = ''] = await pathsOf(objects, url, 'compacted')
      return objects.put(table, (await objects.get(table))!.slice(0, 5_000))
    },
  ],
  [
    'a bit of its newest manifest is flipped',
    /damaged: .*\.manifest has different content/,
    async (objects, url) => flip(objects, (await pathsOf(objects, url, 'manifest')).at(-1)!, 60),
  ],
  [
    'its newest manifest is cut short',
    /damaged: .*\.manifest has 100 bytes instead of \d+/,
    async (objects, url) => {
      const manifest = (await pathsOf(objects, url, 'manifest')).at(-1)!
      return objects.put(manifest, (await objects.get(manifest))!.slice(0, 100))
    },
  ],
  [
    'a later manifest names a table that is gone',
    /damaged: .*compacted\/\w+\.sst is missing/,
    async (objects, url) => {
      const manifest = (await pathsOf(objects, url, 'manifest')).at(-1)!
      const bytes = (await objects.get(manifest))!
      await objects.put(manifest.replace(/(\d)\d{3}\.manifest$/, '$1900.manifest'), bytes)
      await objects.delete((await pathsOf(objects, url, 'compacted')).at(-1)!)
    },
  ],
]

for (const [name, message, damage] of damages) {
  test(`a shard is damaged when ${name}`, async () => {
    const place = await published()
    await damage(place.objects, place.urls[1]!)
    const { found, errors } = await lookUpAll(place)
    assertDamaged(errors, message)
    assert.equal(found + errors.length, ROWS)
  })
}

test('shards whose data was exchanged are damaged', async () => {
  const place = await published()
  const { objects, urls } = place
  const copies = new Map<string, Uint8Array>()
  for (const [from, to] of [urls, urls.toReversed()] as [string, string][]) {
    for (const url of await everyUrl(objects, from))
      copies.set(url.replace(from, to), (await objects.get(url))!)
  }
  for (const url of urls) await objects.deletePrefix(url)
  for (const [url, bytes] of copies) await objects.put(url, bytes)
  const { found, errors } = await lookUpAll(place)
  assertDamaged(errors, /damaged: .*is missing/)
  assert.equal(found, 0)
})

test('manifests that other tools add later are no damage', async () => {
  const place = await published()
  const { objects, urls } = place
  const manifests = await pathsOf(objects, urls[0]!, 'manifest')
  // An old version as the newest: what was sealed is read all the same.
  const old = (await objects.get(manifests[2]!))!
  await objects.put(manifests.at(-1)!.replace(/(\d)\d{3}\.manifest$/, '$1900.manifest'), old)
  assert.deepEqual(await lookUpAll(place), { found: ROWS, errors: [] })
})

test('a shard that another tool has rewritten is read as it is now', async () => {
  const place = await published()
  const { objects, urls } = place
  const newest = (await pathsOf(objects, urls[0]!, 'manifest')).at(-1)!
  await objects.put(
    newest.replace(/(\d)\d{3}\.manifest$/, '$1900.manifest'),
    (await objects.get(newest))!,
  )
  await objects.delete(newest)
  assert.deepEqual(await lookUpAll(place), { found: ROWS, errors: [] })
})

test('a shard that is not there at all is not found', async () => {
  const place = await published()
  await place.objects.deletePrefix(place.urls[0]!)
  const { errors } = await lookUpAll(place)
  for (const error of errors)
    assert.equal(isShardyfusionError(error) && error.code, 'SHARD_NOT_FOUND')
})

test('checking a shard takes no request', async () => {
  const place = await published()
  const counter = countStore(place.objects)
  await using reader = await SnapshotReader.open({
    prefix: PREFIX,
    objects: counter.store,
    engine: ENGINE,
  })
  assert.ok(await reader.get(7))
  // The pointer, the manifest, the shard's manifest, the ends of its tables, a block.
  const { list, head } = counter.counts().calls
  assert.deepEqual({ list, head }, { list: 1, head: 0 })
})
