import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { MemoryStore, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import {
  countStore,
  faultyStore,
  interceptStore,
  mapStore,
  runObjectStoreConformance,
  type StoreCall,
  tempStore,
} from '@shardyfusion/core/testing'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const bytes = (length: number): Uint8Array => new Uint8Array(length)
const ROWS = Array.from({ length: 50 }, (_, i) => [i, `value ${i}`] as const)

runObjectStoreConformance({
  test,
  name: 'interceptStore',
  open: async () => ({ store: interceptStore(new MemoryStore(), {}), root: 'memory://test/x' }),
})

runObjectStoreConformance({
  test,
  name: 'mapStore to a folder',
  open: async () => ({
    store: await mapStore({ from: 's3://bucket', to: tempPrefix() }),
    root: 's3://bucket/some 100%/prefix',
  }),
})

runObjectStoreConformance({
  test,
  name: 'mapStore to memory',
  open: async () => ({
    store: await mapStore({ from: 's3://bucket/a', to: 'memory://b/c', store: new MemoryStore() }),
    root: 's3://bucket/a/b',
  }),
})

test('mapStore: an s3 snapshot is written and read in a folder, under its own URLs', async () => {
  const objects = await mapStore({ from: 's3://bucket', to: tempPrefix() })
  const prefix = 's3://bucket/prices'
  const published = await writeSnapshot(ROWS, {
    prefix,
    objects,
    sharding: { shards: 2 },
    values: 'utf8',
  })
  assert.ok(published.manifestRef.startsWith('s3://bucket/prices/manifests/'))
  await using reader = await SnapshotReader.open({ prefix, objects, values: 'utf8' })
  assert.equal(await reader.get(7), 'value 7')
  await rejectsWith('SHARD_STORE', /is not below s3:\/\/bucket/, () =>
    objects.get('s3://bucket2/x'),
  )
})

test('tempStore: a folder that is there until it is left', async () => {
  let folder: string
  {
    await using store = await tempStore()
    folder = store.folder
    assert.ok(existsSync(folder))
    assert.match(store.prefix, /^file:\/\/\//)
    await store.remove()
  }
  assert.equal(existsSync(folder), false)
})

test('countStore: counts calls, requests and bytes', async () => {
  const { store, counts, reset } = countStore(new MemoryStore())
  const url = (i: number): string => `memory://count/a/${i}`
  await Promise.all(Array.from({ length: 1001 }, (_, i) => store.put(url(i), bytes(2))))
  assert.deepEqual([counts().calls.put, counts().bytesWritten], [1001, 2002])
  reset()
  assert.equal((await store.get(url(0)))?.length, 2)
  assert.equal(await store.get(url(5000)), undefined)
  await store.head(url(1))
  let listed = 0
  for await (const _ of store.list('memory://count')) listed++
  assert.equal(listed, 1001)
  await store.listPrefixes('memory://count')
  await store.delete(url(0))
  await store.deletePrefix('memory://count')
  const seen = counts()
  assert.deepEqual(seen, {
    calls: {
      get: 2,
      head: 1,
      put: 0,
      list: 1,
      listPrefixes: 1,
      delete: 1,
      deletePrefix: 1,
      sync: 0,
      upload: 0,
      write: 0,
      complete: 0,
    },
    requests: { read: 3, write: 4, delete: 2 },
    bytesRead: 2,
    bytesWritten: 0,
  })
  reset()
  assert.equal(counts().calls.get, 0)
  assert.equal(seen.calls.get, 2, 'what was taken before stays as it was')
})

test('interceptStore: what a hook throws, the caller gets, before or after the work', async () => {
  const seen: StoreCall[] = []
  const refuse = (call: StoreCall): void => {
    seen.push(call)
    if (call.url.endsWith('/no')) throw new Error('hook')
  }
  const memory = new MemoryStore()
  const before = interceptStore(memory, { before: refuse })
  await assert.rejects(before.put('memory://x/no', bytes(3)), /hook/)
  assert.equal(await memory.head('memory://x/no'), undefined)
  const after = interceptStore(memory, { after: refuse })
  await assert.rejects(after.put('memory://x/no', bytes(3)), /hook/)
  assert.equal((await memory.head('memory://x/no'))?.bytes, 3)
  assert.deepEqual(seen, [
    { operation: 'put', url: 'memory://x/no', bytes: 3 },
    { operation: 'put', url: 'memory://x/no', bytes: 3 },
  ])
})

test('faultyStore: fails as often as it is told', async () => {
  const memory = new MemoryStore()
  const store = faultyStore(memory, { strikes: ({ operation }) => operation === 'put', times: 2 })
  for (let i = 0; i < 2; i++) {
    const error = await rejectsWith('SHARD_STORE', /fault injection: put of memory:\/\/x\/a/, () =>
      store.put('memory://x/a', bytes(1)),
    )
    assert.equal(error.retryable, true)
  }
  assert.equal(await memory.head('memory://x/a'), undefined)
  assert.equal(await store.put('memory://x/a', bytes(1)), true)

  const lossy = faultyStore(memory, {
    strikes: ({ operation }) => operation === 'put',
    afterwards: true,
    error: () => new Error('answer lost'),
  })
  await assert.rejects(lossy.put('memory://x/b', bytes(1)), /answer lost/)
  assert.equal((await memory.head('memory://x/b'))?.bytes, 1)
})

test('countStore: an upload counts as the requests of its parts', async () => {
  const { store, counts } = countStore(new MemoryStore())
  for (const [name, pieces, requests] of [
    ['one put', 1, 1],
    ['two parts', 2, 4],
  ] as const) {
    const before = counts().requests.write
    const upload = await store.upload(`memory://count/${name}`)
    for (let i = 0; i < pieces; i++) await upload.write(bytes(8 * 1024 * 1024))
    await upload.complete(bytes(10))
    assert.equal(counts().requests.write - before, requests, name)
  }
  const { calls, bytesWritten } = counts()
  assert.deepEqual([calls.upload, calls.write, calls.complete, calls.put], [2, 3, 2, 0])
  assert.equal(bytesWritten, 24 * 1024 * 1024)
})

test('faultyStore: an upload fails at the call that is struck, and leaves nothing', async () => {
  for (const operation of ['upload', 'write', 'complete'] as const) {
    const memory = new MemoryStore()
    const store = faultyStore(memory, { strikes: (call) => call.operation === operation })
    const upload = async (): Promise<void> => {
      const started = await store.upload('memory://x/a')
      await started.write(bytes(3))
      await started.complete()
    }
    await rejectsWith('SHARD_STORE', new RegExp(`fault injection: ${operation} of`), upload)
    assert.equal(await memory.head('memory://x/a'), undefined, operation)
    await upload()
    assert.equal((await memory.head('memory://x/a'))?.bytes, 3)
  }
})
