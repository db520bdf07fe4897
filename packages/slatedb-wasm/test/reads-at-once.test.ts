import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setCacheBudget, SlateDbTableWriter, type Entry } from 'slatedb-wasm'
import { NowStore } from './support/now-store.js'
import { asText, openReader, readAll } from './support/rows.js'
import { randomNumbers } from './support/table-programs.js'

/** Counts the reads of tables that took a wait. */
class WaitingStore extends NowStore {
  waits = 0
  /** Called before each answer without a wait. */
  onAnswer: (() => void) | undefined

  override readNow(path: string, start: number, target: Uint8Array): boolean {
    this.onAnswer?.()
    return super.readNow(path, start, target)
  }

  override get(path: string, start?: number, end?: number): Uint8Array | undefined {
    if (path.startsWith('compacted/')) this.waits++
    return super.get(path, start, end)
  }
}

const random = randomNumbers(3)
const noise = Uint8Array.from({ length: 120_000 }, () => random(256))
const rows = Array.from({ length: 3000 }, (_, i): Entry => {
  const length = i % 100 === 7 ? 15_000 + random(100_000) : random(3000)
  return [
    Uint8Array.of(i >>> 8, i & 255, i % 7),
    noise.subarray((i * 37) % 1000, ((i * 37) % 1000) + length),
  ]
})
const bytes = rows.reduce((sum, [key, value]) => sum + key.length + value.length, 0)

async function written(): Promise<WaitingStore> {
  const store = new WaitingStore()
  const writer = await SlateDbTableWriter.open({ store })
  await writer.write(rows)
  await writer.seal()
  await writer.close()
  store.waits = 0
  return store
}

for (const reverse of [false, true]) {
  test(`a scan reads tables without a wait if the store can (reverse: ${reverse})`, async (t) => {
    await setCacheBudget(0)
    t.after(() => setCacheBudget(64 << 20))
    const store = await written()
    const reader = await openReader(t, store)
    const all = await readAll(reader.scan({}, { reverse }))
    assert.deepEqual(all, reverse ? asText(rows).reverse() : asText(rows))
    // `readNow` of this store calls `get`. Heads of tables take a wait.
    assert.ok(store.waits - store.answers <= 4, `${store.waits - store.answers} waits`)
    assert.ok(store.answers >= bytes / (512 << 10), `${store.answers} reads`)
  })

  test(`a scan goes on with large requests if the store does not answer (reverse: ${reverse})`, async (t) => {
    await setCacheBudget(0)
    t.after(() => setCacheBudget(64 << 20))
    const store = await written()
    let asked = 0
    store.onAnswer = () => {
      // The store answers, then does not, then answers again.
      asked++
      store.isReady = asked % 20 < 8
    }
    const reader = await openReader(t, store)
    const all = await readAll(reader.scan({}, { reverse }))
    assert.deepEqual(all, reverse ? asText(rows).reverse() : asText(rows))
    assert.ok(store.answers > 0 && store.answers < asked, `${store.answers} of ${asked}`)
    assert.ok(store.waits > store.answers)
  })
}

test('blocks that come damaged without a wait are read again', async (t) => {
  await setCacheBudget(0)
  t.after(() => setCacheBudget(64 << 20))
  const store = await written()
  const read = store.readNow.bind(store)
  store.readNow = (path, start, target) => {
    const isRead = read(path, start, target)
    if (store.answers % 2 === 0) target[target.length >> 1]! ^= 1
    return isRead
  }
  const reader = await openReader(t, store)
  assert.deepEqual(await readAll(reader.scan()), asText(rows))
  assert.ok(store.answers > 2)
})

test('a store that cannot answer without a wait is asked for as few requests as before', async (t) => {
  await setCacheBudget(0)
  t.after(() => setCacheBudget(64 << 20))
  const store = await written()
  const asleep = new WaitingStore()
  for (const { path } of store.list('')) asleep.put(path, store.get(path)!)
  Object.defineProperty(asleep, 'readNow', { value: undefined })
  const reader = await openReader(t, asleep)
  const all = await readAll(reader.scan({}, { readAheadBytes: 4 << 20, fetchTasks: 1 }))
  assert.deepEqual(all, asText(rows))
  assert.ok(asleep.waits <= 8, `${asleep.waits} requests for ${bytes} bytes`)
})
