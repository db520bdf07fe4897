import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EngineChoice, type ObjectStore, packEntries } from '@shardyfusion/core/extend'
import {
  formatAttemptResult,
  parseAttemptResult,
  planSnapshot,
  publishSnapshot,
  writeShardAttempt,
} from '@shardyfusion/core/tasks'
import { memoryStore, MemoryStore, SnapshotWriter } from '@shardyfusion/core'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import { countStore, interceptStore } from '@shardyfusion/core/testing'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const PREFIX = 'memory://place/prices'

async function openWriter(objects: ObjectStore, engine: EngineChoice = 'wasm') {
  const writer = await SnapshotWriter.open({
    prefix: PREFIX,
    objects,
    engine,
    sharding: { shards: 3 },
    values: 'utf8',
  })
  for (let i = 0; i < 300; i++) await writer.put(i, `value ${i}`)
  return writer
}

async function shardObjects(objects: ObjectStore, pattern: RegExp): Promise<string[]> {
  const urls: string[] = []
  for await (const { url } of objects.list(`${PREFIX}/shards`))
    if (pattern.test(url)) urls.push(url)
  return urls
}

/** A store in which `damage` happens once, when the first shards are sealed and before the manifest is written. */
function damagedBeforePublication(damage: (objects: MemoryStore) => Promise<void>) {
  const objects = new MemoryStore()
  let isDone = false
  const store = interceptStore(objects, {
    before: async ({ operation, url }) => {
      // The listing that comes before the manifest: everything is sealed by then.
      if (operation !== 'list' || isDone || !url.includes('/shards/run_id=')) return
      if (/db=/.test(url)) return
      isDone = true
      await damage(objects)
    },
  })
  return { objects, store }
}

const current = (objects: ObjectStore) => new ObjectManifestStore(objects, PREFIX).loadCurrent()

const damages: [name: string, message: RegExp, damage: (o: MemoryStore) => Promise<void>][] = [
  [
    'all of it',
    /3 of 3 shards are not in storage .*shard 0: .* has no objects/,
    async (objects) => void (await objects.deletePrefix(`${PREFIX}/shards`)),
  ],
  [
    'one table',
    /1 of 3 shards .*shard 1: compacted\/\w+\.sst is missing/,
    async (objects) => {
      const [table = ''] = await shardObjects(objects, /db=00001.*\.sst$/).then((all) =>
        all.filter((url) => url.includes('/compacted/')),
      )
      await objects.delete(table)
    },
  ],
  [
    'part of a table',
    /1 of 3 shards .*shard 2: compacted\/\w+\.sst has 100 bytes instead of \d+/,
    async (objects) => {
      const [table = ''] = await shardObjects(objects, /db=00002.*\/compacted\//)
      await objects.put(table, (await objects.get(table))!.slice(0, 100))
    },
  ],
  [
    'its newest manifest',
    /1 of 3 shards .*manifest\/\d+\.manifest is missing/,
    async (objects) =>
      objects.delete((await shardObjects(objects, /db=00000.*\/manifest\//)).at(-1)!),
  ],
]

for (const [name, message, damage] of damages) {
  test(`a build is not published when ${name} was removed meanwhile`, async () => {
    const { objects, store } = damagedBeforePublication(damage)
    const writer = await openWriter(store)
    await rejectsWith('SHARD_NOT_FOUND', message, () => writer.publish())
    await rejectsWith('SHARD_CLOSED', /has failed/, () => writer.publish())
    await writer.close()
    assert.equal(await current(objects), undefined)
    assert.deepEqual(await shardObjects(objects, /./), [], 'what is left is removed')
  })
}

test('a publication that is tried again looks again', async () => {
  const objects = new MemoryStore()
  let isDown = true
  const store = interceptStore(objects, {
    before: ({ operation, url }) => {
      if (isDown && operation === 'put' && url.includes('/manifests/')) throw new Error('down')
    },
  })
  const writer = await openWriter(store)
  await rejectsWith('SHARD_PUBLISH', /could not be written/, () => writer.publish())
  isDown = false
  await objects.deletePrefix(`${PREFIX}/shards`)
  await rejectsWith('SHARD_NOT_FOUND', /has no objects/, () => writer.publish())
  await writer.close()
  assert.equal(await current(objects), undefined)
})

test('one listing is made for a whole run', async () => {
  const counter = countStore(new MemoryStore())
  const writer = await openWriter(counter.store)
  const before = counter.counts().calls.list
  await writer.publish()
  assert.equal(counter.counts().calls.list, before + 1)
  await writer.close()
})

test('tasks: results carry their seals, and lost shards are not published', async () => {
  const objects = memoryStore('place')
  const engine = { engine: 'wasm' } as const
  const plan = await planSnapshot({ ...engine, prefix: PREFIX, sharding: { shards: 1 } })
  const rows = [packEntries([[new Uint8Array(8), new Uint8Array(3)]])]
  const result = await writeShardAttempt(plan, 0, rows, engine)
  assert.equal(result.seal?.keys, 1)
  const parsed = parseAttemptResult(formatAttemptResult(result))
  assert.deepEqual(parsed, result)
  const [table = ''] = await shardObjects(objects, /\/compacted\//)
  const bytes = (await objects.get(table))!
  await objects.delete(table)
  await rejectsWith('SHARD_NOT_FOUND', /compacted\/\w+\.sst is missing/, () =>
    publishSnapshot(plan, [parsed], engine),
  )
  assert.equal(await current(objects), undefined)
  await objects.put(table, bytes)
  const { runId } = await publishSnapshot(plan, [parsed], engine)
  assert.equal((await current(objects))?.runId, runId)
})
