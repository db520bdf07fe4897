import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore, SlateDbReader, type ReaderOptions } from 'slatedb-wasm'
import { RoundTripStore } from './support/round-trip-store.js'
import { bytes, numberedRows, readAll, text, writeDatabase } from './support/rows.js'

const SMALL = numberedRows(1000)
const LARGE = numberedRows(20_000, 100)

async function stored(rows: typeof SMALL, settings = {}): Promise<MemoryStore> {
  const store = new MemoryStore()
  await writeDatabase(store, rows, settings)
  return store
}

async function opened(
  t: { after(f: () => Promise<void>): void },
  objects: MemoryStore,
  options: Omit<ReaderOptions, 'store'> = {},
): Promise<{ store: RoundTripStore; reader: SlateDbReader }> {
  const store = new RoundTripStore(objects)
  const reader = await SlateDbReader.open({ store, ...options })
  t.after(() => reader.close())
  return { store, reader }
}

test('a small table is fetched whole by the first lookup, and no scan asks again', async (t) => {
  const { store, reader } = await opened(t, await stored(SMALL))
  assert.deepEqual([store.rounds, store.gets.length], [2, 1], 'a list and the manifest')
  assert.equal(text(await reader.get(SMALL[500]![0])), text(SMALL[500]![1]))
  assert.deepEqual([store.rounds, store.gets.length], [3, 2])
  assert.equal(text(await reader.get(SMALL[7]![0])), text(SMALL[7]![1]))
  assert.equal((await readAll(reader.scan())).length, SMALL.length)
  assert.deepEqual([store.rounds, store.gets.length], [3, 2])
})

test('a lookup in a large table takes two requests, for its end and for a block', async (t) => {
  const { store, reader } = await opened(t, await stored(LARGE))
  assert.equal(text(await reader.get(LARGE[10_000]![0])), text(LARGE[10_000]![1]))
  assert.deepEqual([store.rounds, store.gets.length], [4, 3])
  assert.notEqual(await reader.get(LARGE[19_000]![0]), undefined)
  assert.deepEqual([store.rounds, store.gets.length], [5, 4], 'a block')
  assert.equal(await reader.get(bytes('key-010000x')), undefined)
  assert.ok(store.gets.length <= 5, 'the filter knows most keys that are not there')
})

test('prefetchBytes: the first lookup waits once less, and nothing is fetched twice', async (t) => {
  for (const [rows, gets] of [
    [SMALL, [2, 2, 2]],
    [LARGE, [2, 3, 3]],
  ] as const) {
    const { store, reader } = await opened(t, await stored(rows), { prefetchBytes: 1 << 20 })
    const afterOpen = store.rounds
    assert.equal(text(await reader.get(rows[77]![0])), text(rows[77]![1]))
    assert.deepEqual([afterOpen, store.rounds, store.gets.length], gets)
  }
  const { store } = await opened(t, await stored(LARGE), { prefetchBytes: 1000 })
  assert.equal(store.gets.length, 1, 'more than that is not prefetched')
})

test('prefetchBytes: what cannot be prefetched is read when it is needed', async (t) => {
  const objects = await stored(LARGE)
  class Reluctant extends RoundTripStore {
    override async get(path: string, start: number, end?: number): Promise<Uint8Array | undefined> {
      const found = await super.get(path, start, end)
      if (path.startsWith('compacted') && this.gets.length <= 2) throw new Error('not yet')
      return found
    }
  }
  const store = new Reluctant(objects)
  const reader = await SlateDbReader.open({ store, prefetchBytes: 1 << 20 })
  t.after(() => reader.close())
  assert.equal(text(await reader.get(LARGE[77]![0])), text(LARGE[77]![1]))
})

test('getMany: neighbouring blocks come in one request, distant ones at the same time', async (t) => {
  const { store, reader } = await opened(t, await stored(LARGE))
  const neighbours = LARGE.slice(4000, 8000)
  const values = await reader.getMany(neighbours.map(([key]) => key))
  assert.deepEqual(
    values.map(text),
    neighbours.map(([, value]) => text(value)),
  )
  const after = { rounds: store.rounds, gets: store.gets.length }
  // 4,000 rows are some 120 blocks; they are asked for 1,024 keys at a time.
  assert.ok(after.rounds <= 3 + 4 && after.gets <= 2 + 4, JSON.stringify(after))
  const distant = [0, 1, 2, 3, 9, 10, 11, 12, 13, 14].map((i) => LARGE[i * 1250]!)
  assert.deepEqual(
    (await reader.getMany(distant.map(([key]) => key))).map(text),
    distant.map(([, value]) => text(value)),
  )
  assert.equal(store.rounds, after.rounds + 1)
})

test('getMany: the heads of tables that overlap come at the same time', async (t) => {
  const objects = new MemoryStore()
  for (let part = 0; part < 5; part++) {
    await writeDatabase(
      objects,
      LARGE.filter((_, i) => i % 5 === part),
    )
  }
  const { store, reader } = await opened(t, objects)
  const before = store.rounds
  assert.equal(text(await reader.get(LARGE[1233]![0])), text(LARGE[1233]![1]))
  assert.ok(store.rounds - before <= 3, `${store.rounds - before} round trips`)
})

test('scan: requests grow with the scan and run ahead of it', async (t) => {
  const { store, reader } = await opened(t, await stored(LARGE))
  const scan = reader.scan({}, { readAheadBytes: 1 << 20, fetchTasks: 2 })
  const before = store.gets.length
  assert.equal((await scan.nextChunk(10))?.count, 10)
  const [, first, second] = store.gets.slice(before).map((get) => {
    const [start = 0, end = 0] = get.split(' ')[1]!.split('-').map(Number)
    return end - start
  })
  assert.ok(first! < 100_000 && second! > first!, `${first} and ${second} bytes`)
  let count = 10
  for await (const chunk of scan) count += chunk.count
  assert.equal(count, LARGE.length)
  assert.ok(store.gets.length - before <= 7, `${store.gets.length - before} requests`)
})

test('concurrent lookups ask for the end of a table once', async (t) => {
  const { store, reader } = await opened(t, await stored(LARGE))
  const picks = Array.from({ length: 64 }, (_, i) => LARGE[i * 300]!)
  const values = await Promise.all(picks.map(([key]) => reader.get(key)))
  assert.deepEqual(
    values.map(text),
    picks.map(([, value]) => text(value)),
  )
  assert.equal(new Set(store.gets).size, store.gets.length, 'nothing is fetched twice')
})

test('a reader sets no timer: a complete database does not change', async (t) => {
  const objects = await stored(SMALL)
  const timers = t.mock.method(globalThis, 'setTimeout')
  const { reader } = await opened(t, objects)
  assert.equal(text(await reader.get(SMALL[500]![0])), text(SMALL[500]![1]))
  assert.equal(timers.mock.callCount(), 0)
})
