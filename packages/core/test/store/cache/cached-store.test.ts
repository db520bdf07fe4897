import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import {
  FileStore,
  MemoryStore,
  ShardReader,
  SnapshotReader,
  writeSnapshot,
} from '@shardyfusion/core'
import { cachedStore } from '@shardyfusion/core/extend'
import { countStore, runObjectStoreConformance } from '@shardyfusion/core/testing'
import { openBlockCache } from '#dist/store/cache/open-block-cache-portable.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { ATTEMPT, cacheFiles, cacheFolder, openCached, someBytes, storeWith } from './support.js'

const MIB = 1024 * 1024
const URL = `${ATTEMPT}/table`

runObjectStoreConformance({
  test,
  name: 'cachedStore',
  open: async (t: TestContext) => {
    const store = cachedStore(new MemoryStore(), { folder: cacheFolder() })
    t.after(() => store.close())
    return { store, root: 'memory://test/x' }
  },
})

runObjectStoreConformance({
  test,
  name: 'cachedStore of files, all cached',
  open: async (t: TestContext) => {
    const folder = cacheFolder()
    const store = cachedStore(new FileStore(), { folder: `${folder}/cache` }, () => true)
    t.after(() => store.close())
    return { store, root: `file://${folder}/objects` }
  },
})

test('cachedStore: what one process has read, the next reads without a request', async (t) => {
  const bytes = someBytes(300_000)
  const [base, folder] = [await storeWith(bytes), cacheFolder()]
  const first = openCached(t, base, folder)
  const ranges = [
    { start: 10, end: 20 },
    { start: 65_530, end: 70_000 },
    { start: 250_000, end: 300_000 },
  ]
  for (const range of ranges) {
    const expected = bytes.slice(range.start, range.end)
    assert.deepEqual(await first.cached.get(URL, { range }), expected)
    // Also while it is being written.
    assert.deepEqual(await first.cached.get(URL, { range }), expected)
  }
  assert.equal(first.counts().calls.get, 3)
  await first.cached.close()

  const second = openCached(t, base, folder)
  for await (const _ of second.cached.list(ATTEMPT));
  for (const range of ranges) {
    const expected = bytes.slice(range.start, range.end)
    assert.deepEqual(await second.cached.get(URL, { range }), expected)
  }
  const { calls } = second.counts()
  assert.deepEqual([calls.get, calls.head, calls.list], [0, 0, 1])
  const { hits, misses, missBytes, problem } = second.cached.cacheStats()
  assert.deepEqual(
    { hits, misses, missBytes, problem },
    {
      hits: 3,
      misses: 0,
      missBytes: 0,
      problem: undefined,
    },
  )
  // What is missing in the middle is one request for whole blocks.
  assert.deepEqual(await second.cached.get(URL), bytes)
  assert.equal(second.counts().calls.get, 1)
  assert.equal(second.counts().bytesRead, 65_536)
})

test('cachedStore: an object that was not listed needs one head', async (t) => {
  const { cached, counts } = openCached(t, await storeWith(someBytes(1000)), cacheFolder())
  const range = { start: 0, end: 10 }
  await Promise.all([1, 2, 3].map(() => cached.get(URL, { range })))
  assert.deepEqual([counts().calls.head, counts().calls.get], [1, 1])
  assert.equal(await cached.get(`${ATTEMPT}/absent`), undefined)
})

test('cachedStore: reads of the same blocks at the same time are one request', async (t) => {
  const bytes = someBytes(200_000)
  const { cached, counts } = openCached(t, await storeWith(bytes), cacheFolder())
  const reads = Array.from({ length: 20 }, (_, i) =>
    cached.get(URL, { range: { start: i * 100, end: i * 100 + 50 } }),
  )
  for (const [i, got] of (await Promise.all(reads)).entries()) {
    assert.deepEqual(got, bytes.slice(i * 100, i * 100 + 50))
  }
  assert.equal(counts().calls.get, 1)
})

test('cachedStore: manifests, pointers and marks of attempts are never cached', async (t) => {
  const base = new MemoryStore()
  const folder = cacheFolder()
  const { cached, counts } = openCached(t, base, folder)
  const urls = ['_CURRENT', 'manifests/x_run_id=r/manifest', 'runs/r/run.yaml'].map(
    (name) => `memory://s/${name}`,
  )
  urls.push(`${ATTEMPT}/_SEALED`)
  for (const url of urls) {
    for (const value of [1, 2]) {
      await base.put(url, new Uint8Array(100).fill(value))
      assert.equal((await cached.get(url))?.[0], value, url)
    }
  }
  assert.equal(counts().calls.get, 2 * urls.length)
  await cached.close()
  assert.deepEqual(cacheFiles(folder), [])
})

test('cachedStore: another version of an object has other blocks', async (t) => {
  const [base, folder] = [await storeWith(new Uint8Array(1000).fill(1)), cacheFolder()]
  t.mock.timers.enable({ apis: ['Date'], now: 1000 })
  const first = openCached(t, base, folder)
  assert.equal((await first.cached.get(URL))?.[0], 1)
  await first.cached.close()
  t.mock.timers.setTime(5000)
  await base.put(URL, new Uint8Array(1000).fill(2))
  const second = openCached(t, base, folder)
  assert.equal((await second.cached.get(URL))?.[0], 2)
  // A put, an upload and a delete through the store itself are seen at once.
  t.mock.timers.setTime(9000)
  await second.cached.put(URL, new Uint8Array(1000).fill(3))
  assert.equal((await second.cached.get(URL))?.[0], 3)
  t.mock.timers.setTime(13_000)
  const upload = await second.cached.upload!(URL)
  await upload.write(new Uint8Array(1000).fill(4))
  await upload.complete()
  assert.equal((await second.cached.get(URL))?.[0], 4)
  await second.cached.delete(URL)
  assert.equal(await second.cached.get(URL), undefined)
})

test('cachedStore: an object that is not as it was listed is read from storage', async (t) => {
  const [base, folder] = [await storeWith(someBytes(100_000)), cacheFolder()]
  const { cached } = openCached(t, base, folder)
  for await (const _ of cached.list(ATTEMPT));
  await base.put(URL, someBytes(50_000, 9))
  assert.deepEqual(await cached.get(URL), someBytes(50_000, 9))
  await base.delete(URL)
  assert.equal(await cached.get(URL, { range: { start: 40_000, end: 60_000 } }), undefined)
})

test('cachedStore: any reads of any processes give the bytes of the object', async () => {
  const sizes = [1, 8191, 8192, 8193, 65_536, 65_537, 200_000]
  const root = cacheFolder()
  let runs = 0
  const offset = fc.nat(210_000)
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...sizes),
      fc.array(fc.tuple(fc.nat(1), offset, offset, fc.boolean()), { minLength: 1, maxLength: 12 }),
      async (size, reads) => {
        const bytes = someBytes(size)
        const base = await storeWith(bytes)
        const folder = `${root}/${runs++}`
        const stores = [0, 1].map(() => cachedStore(base, { folder }))
        const pending: Promise<void>[] = []
        for (const [who, start, end, isAwaited] of reads) {
          const reading = stores[who]!.get(URL, { range: { start, end } }).then((got) =>
            assert.deepEqual(got, bytes.slice(start, Math.max(start, end))),
          )
          pending.push(reading)
          if (isAwaited) await reading
        }
        await Promise.all(pending)
        await Promise.all(stores.map((store) => store.close()))
      },
    ),
    { numRuns: 60 },
  )
})

test('cachedStore: an aborted signal ends a read with its reason, and not the request of others', async (t) => {
  const base = await storeWith(someBytes(1000))
  let answer: () => void = () => {}
  const gate = new Promise<void>((resolve) => (answer = resolve))
  const get = base.get.bind(base)
  t.mock.method(base, 'get', async (...args: Parameters<typeof get>) => {
    await gate
    return get(...args)
  })
  const { cached, counts } = openCached(t, base, cacheFolder())
  const stop = new AbortController()
  const aborted = cached.get(URL, { signal: stop.signal })
  const other = cached.get(URL)
  const reason = new Error('enough')
  stop.abort(reason)
  await assert.rejects(aborted, (error) => error === reason)
  answer()
  assert.deepEqual(await other, someBytes(1000))
  assert.equal(counts().calls.get, 1)
})

test('cachedStore: a read of more than a quarter of the limit is not cached', async (t) => {
  const bytes = someBytes(400_000)
  const folder = cacheFolder()
  const { cached, counts } = openCached(t, await storeWith(bytes), folder, MIB)
  for (let i = 0; i < 2; i++) assert.deepEqual(await cached.get(URL), bytes)
  assert.equal(counts().calls.get, 2)
  assert.deepEqual(cacheFiles(folder), [])
  assert.equal(cached.cacheStats().misses, 2)
})

test('cachedStore: an error of storage is thrown, and not cached', async (t) => {
  const base = await storeWith(someBytes(1000))
  const { cached } = openCached(t, base, cacheFolder())
  const failing = t.mock.method(base, 'get', async () => Promise.reject(new Error('down')))
  await assert.rejects(cached.get(URL), /down/)
  failing.mock.restore()
  assert.deepEqual(await cached.get(URL), someBytes(1000))
})

const ROWS = Array.from({ length: 2000 }, (_, i) => [i, `value ${i}`] as const)

test('SnapshotReader: a second reader with the cache reads no shard from storage', async () => {
  const prefix = tempPrefix()
  await writeSnapshot(ROWS, { prefix, sharding: { shards: 3 }, values: 'utf8' })
  const cache = { folder: cacheFolder(), maxBytes: 64 * MIB }
  const gets: string[][] = []
  for (let process = 0; process < 2; process++) {
    const { store, counts } = countStore(new FileStore())
    const read: string[] = []
    const get = store.get.bind(store)
    const objects = new Proxy(store, {
      get: (target, name) =>
        name === 'get'
          ? (...args: Parameters<typeof get>) => (read.push(args[0]), get(...args))
          : Reflect.get(target, name),
    })
    const reader = await SnapshotReader.open({ prefix, objects, cache, values: 'utf8' })
    for (let i = 0; i < 2000; i += 97) assert.equal(await reader.get(i), `value ${i}`)
    let rows = 0
    for await (const _ of reader.scanIter()) rows++
    assert.equal(rows, 2000)
    const { cache: stats } = reader.health()
    assert.equal(stats?.misses === 0, process === 1, JSON.stringify(stats))
    assert.equal(stats?.folder, cache.folder)
    await reader.close()
    assert.equal(counts().calls.head, 0)
    gets.push(read.map((url) => url.slice(prefix.length)))
  }
  assert.ok(gets[0]!.some((url) => url.includes('/attempt=')))
  assert.deepEqual(
    gets[1]!.filter((url) => url.includes('/attempt=')),
    [],
  )
})

test('ShardReader: caches the objects of its shard, whatever its URL', async () => {
  const prefix = tempPrefix()
  await writeSnapshot(ROWS, { prefix, sharding: { shards: 1 }, values: 'utf8' })
  await using snapshot = await SnapshotReader.open({ prefix })
  const cache = { folder: cacheFolder() }
  for (let process = 0; process < 2; process++) {
    const { store, counts } = countStore(new FileStore())
    const url = snapshot.shards()[0]!.url!
    const shard = await ShardReader.open({ url, objects: store, cache })
    assert.equal(Buffer.from((await shard.get(7n))!).toString(), 'value 7')
    await shard.close()
    assert.equal(counts().calls.get === 0, process === 1)
  }
})

test('cache: options are checked, and an engine that makes its own requests is refused', async () => {
  const prefix = tempPrefix()
  await writeSnapshot(ROWS, { prefix, sharding: { shards: 1 }, values: 'utf8' })
  const open = (cache: object, engine?: 'native') => () =>
    SnapshotReader.open({ prefix, cache: cache as { folder: string }, engine })
  await rejectsWith('SHARD_INVALID_OPTION', /cache\.folder/, open({}))
  await rejectsWith('SHARD_INVALID_OPTION', /not a URL/, open({ folder: 'file:///tmp/x' }))
  await rejectsWith('SHARD_INVALID_OPTION', /maxBytes.*bytes/, open({ folder: 'x', maxBytes: 10 }))
  await rejectsWith('SHARD_INVALID_OPTION', /maxSize/, open({ folder: 'x', maxSize: 10 }))
  await rejectsWith(
    'SHARD_INVALID_OPTION',
    /native makes its own requests/,
    open({ folder: 'x' }, 'native'),
  )
})

test('cache: without local files, as in browsers, the message says so', () => {
  assert.throws(() => openBlockCache({ folder: 'x', maxBytes: 1 }), {
    code: 'SHARD_INVALID_OPTION',
    message: /needs local files, which Node, Bun and Deno have/,
  })
})
