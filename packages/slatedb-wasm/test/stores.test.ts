import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  MemoryStore,
  SlateDbError,
  SlateDbReader,
  SlateDbTableUpdate,
  SlateDbTableWriter,
  SlateDbWriter,
  setCacheBudget,
  type ListedObject,
} from 'slatedb-wasm'
import { CountingStore } from './support/counting-store.js'
import { bytes, numberedRows, openReader, readAll, text, writeDatabase } from './support/rows.js'

test('opening, reading and closing a reader writes nothing to the store', async () => {
  const store = new CountingStore()
  const rows = numberedRows(5000)
  await writeDatabase(store, rows)
  const before = store.writes
  const reader = await SlateDbReader.open({ store })
  await reader.getMany(rows.map(([key]) => key))
  assert.equal((await readAll(reader.scan())).length, rows.length)
  await reader.close()
  assert.equal(store.writes, before)
})

test('a reader that is idle asks the store for nothing', async (t) => {
  const store = new CountingStore()
  await writeDatabase(store, numberedRows(10))
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const reader = await openReader(t, store)
  await reader.get(bytes('key-000001'))
  const before = { ...store.calls }
  t.mock.timers.tick(60_000)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(store.calls, before)
})

test('options that cannot work are errors of kind Invalid that name them', async () => {
  const store = new MemoryStore()
  const calls: [() => unknown, RegExp][] = [
    [() => SlateDbReader.open(undefined as never), /SlateDbReader.open: store: expected an object/],
    [() => SlateDbReader.open({ store: {} as never }), /with the methods get, head, list$/],
    [() => SlateDbReader.open({ store, maxRetries: 1.5 }), /maxRetries: .* got 1\.5/],
    [() => SlateDbReader.open({ store, prefetchBytes: -1 }), /prefetchBytes: .* got -1/],
    [() => SlateDbWriter.open({} as never), /SlateDbWriter.open: store: .* put, delete$/],
    [() => SlateDbWriter.open({ store, maxRetries: -1 }), /maxRetries: .* got -1/],
    [() => SlateDbTableWriter.open({} as never), /SlateDbTableWriter.open: store:/],
    [() => SlateDbTableWriter.open({ store, memoryBytes: Number.NaN }), /memoryBytes: .* got NaN/],
    [() => SlateDbTableUpdate.open({ store, base: {} as never }), /base: expected an open/],
    [() => setCacheBudget(0.5), /setCacheBudget: .* got 0\.5/],
  ]
  for (const [call, message] of calls)
    await assert.rejects(async () => call(), { name: 'SlateDbError', kind: 'Invalid', message })
})

test('a store without a database is NotFound', async () => {
  await assert.rejects(SlateDbReader.open({ store: new CountingStore() }), { kind: 'NotFound' })
})

test('what a callback throws is the cause of an Unavailable error, and not called again', async () => {
  const refused = new Error('403 forbidden')
  let calls = 0
  class Failing extends CountingStore {
    override async get(): Promise<Uint8Array | undefined> {
      calls++
      throw refused
    }
  }
  const store = new CountingStore()
  await writeDatabase(store, numberedRows(10))
  await assert.rejects(
    SlateDbReader.open({ store: new Failing(store.objects) }),
    (error: unknown) => {
      assert.ok(error instanceof SlateDbError)
      assert.equal(error.kind, 'Unavailable')
      assert.equal(error.cause, refused)
      assert.match(error.message, /403 forbidden/)
      return true
    },
  )
  assert.equal(calls, 1)
})

test('maxRetries: a callback that fails less often than that goes unnoticed', async (t) => {
  let failures = 4
  const failFirst = (): void => {
    if (failures-- > 0) throw new Error('503 slow down')
  }
  class Flaky extends CountingStore {
    override async get(path: string, start: number, end?: number): Promise<Uint8Array | undefined> {
      if (failures % 2 === 0) failFirst()
      return super.get(path, start, end)
    }
    override async *list(prefix: string): AsyncGenerator<ListedObject> {
      failFirst()
      yield* super.list(prefix)
    }
  }
  const sound = new CountingStore()
  await writeDatabase(sound, numberedRows(10))
  const reader = await SlateDbReader.open({ store: new Flaky(sound.objects), maxRetries: 8 })
  t.after(() => reader.close())
  assert.ok(failures < 0)
  assert.notEqual(await reader.get(bytes('key-000003')), undefined)
})

test('opening and a first lookup take a handful of requests, idling none', async (t) => {
  const store = new CountingStore()
  await writeDatabase(store, numberedRows(20_000))
  const reads = (): number => store.calls.get + store.calls.head + store.calls.list
  const before = reads()
  const reader = await openReader(t, store)
  assert.equal(reads() - before, 2, 'a list and the manifest')
  await reader.get(bytes('key-010000'))
  assert.equal(reads() - before, 4, 'the end of the table and a block')
  await reader.get(bytes('key-010000'))
  assert.equal(reads() - before, 4, 'from the cache')
})

test('a callback that throws at once is no different from one that rejects', async () => {
  const store = new MemoryStore()
  await writeDatabase(store, numberedRows(10))
  store.list = () => {
    throw new Error('no list today')
  }
  await assert.rejects(SlateDbReader.open({ store }), {
    kind: 'Unavailable',
    message: /no list today/,
  })
})

test('one bad answer leaves other readers alone', async (t) => {
  const good = new CountingStore()
  await writeDatabase(good, numberedRows(10))
  const bad = new CountingStore()
  await writeDatabase(bad, numberedRows(10))
  const reader = await openReader(t, good)
  for (const { path } of bad.objects.list('compacted')) {
    bad.objects.put(
      path,
      bad.objects.get(path)!.map((byte) => byte ^ 0xff),
    )
  }
  const broken = await openReader(t, bad)
  await assert.rejects(broken.get(bytes('key-000003')), { kind: 'Data' })
  assert.equal(text(await reader.get(bytes('key-000003')))?.slice(0, 2), '3:')
})

test('a second writer fences off the first', async (t) => {
  const store = new CountingStore()
  const first = await SlateDbWriter.open({ store })
  t.after(() => first.close().catch(() => {}))
  await first.write(numberedRows(10))
  const second = await SlateDbWriter.open({ store })
  t.after(() => second.close())
  await assert.rejects(first.flush(), { kind: 'Fenced' })
})
