import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cacheStats, setCacheBudget, SlateDbReader } from 'slatedb-wasm'
import { loadEngine } from '#dist/instance.js'
import { CountingStore } from './support/counting-store.js'
import { NowStore } from './support/now-store.js'
import { numberedRows, openReader, readAll, writeDatabase } from './support/rows.js'

const MIB = 1 << 20

const { module } = await loadEngine()

// Starting bindings a second time only returns what there is.
function wasmBytes(): number {
  return module.initSync(undefined as never).memory.buffer.byteLength
}

test('the cache keeps within its budget, whoever fills it', async (t) => {
  const rows = numberedRows(20_000, 200)
  const readers = []
  for (let i = 0; i < 4; i++) {
    const store = new CountingStore()
    await writeDatabase(store, rows)
    readers.push(await openReader(t, store))
  }
  await setCacheBudget(2 * MIB)
  t.after(() => setCacheBudget(64 * MIB))
  for (const reader of readers) await reader.getMany(rows.map(([key]) => key))
  const full = await cacheStats()
  assert.ok(full.bytes > MIB && full.bytes <= 2 * MIB, `${full.bytes} bytes`)
  await setCacheBudget(MIB)
  assert.ok((await cacheStats()).bytes <= MIB)
  await setCacheBudget(0)
  assert.equal((await cacheStats()).entries, 0)
  assert.equal((await readers[0]!.getMany([rows[7]![0]])).length, 1)
})

test('a full cache takes blocks that are read again, and keeps them while others are read once', async (t) => {
  const rows = numberedRows(50_000, 200)
  const store = new NowStore()
  await writeDatabase(store, rows)
  await setCacheBudget(2 * MIB)
  t.after(() => setCacheBudget(64 * MIB))
  const reader = await openReader(t, store)
  await reader.get(rows[0]![0])
  const look = (from: number, to: number): void => {
    // A block has fewer than forty rows.
    for (let i = from; i < to; i += 40) assert.deepEqual(reader.peek(rows[i]![0]), rows[i]![1])
  }
  look(0, 24_000)
  for (let time = 0; time < 2; time++) look(24_000, 25_000)
  const before = store.answers
  look(24_000, 25_000)
  assert.equal(store.answers, before)
  look(25_000, 50_000)
  const after = store.answers
  assert.ok(after - before > 600, `${after - before} blocks read`)
  look(24_000, 25_000)
  assert.equal(store.answers, after)
})

test('closing a reader gives back its part of the cache', async () => {
  const store = new CountingStore()
  const rows = numberedRows(1000)
  await writeDatabase(store, rows)
  const before = await cacheStats()
  const reader = await SlateDbReader.open({ store })
  await reader.getMany(rows.map(([key]) => key))
  assert.ok((await cacheStats()).entries > before.entries)
  await reader.close()
  assert.deepEqual((await cacheStats()).bytes, before.bytes)
})

test('20,000 gets and 50 openings leave the memory of the engine as large as it was', async () => {
  const store = new CountingStore()
  const rows = numberedRows(20_000, 100)
  await writeDatabase(store, rows)
  const round = async (gets: number): Promise<void> => {
    const reader = await SlateDbReader.open({ store })
    for (let i = 0; i < gets; i++) await reader.get(rows[(i * 7919) % rows.length]![0])
    await readAll(reader.scan({ end: rows[2000]![0] }))
    await reader.close()
  }
  await round(2000)
  const before = wasmBytes()
  await round(20_000)
  for (let i = 0; i < 50; i++) await round(20)
  assert.ok(wasmBytes() - before <= MIB, `${before} to ${wasmBytes()} bytes`)
})

test('writing 50 databases leaves the memory of the engine as large as after the first few', async () => {
  const rows = numberedRows(5000, 200)
  for (let i = 0; i < 3; i++) await writeDatabase(new CountingStore(), rows)
  const before = wasmBytes()
  for (let i = 0; i < 50; i++) await writeDatabase(new CountingStore(), rows)
  assert.ok(wasmBytes() - before <= MIB, `${before} to ${wasmBytes()} bytes`)
})
