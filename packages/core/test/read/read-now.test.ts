import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { FileStore, slatedb, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { tempDirectory } from '../store/temp-root.js'

const LARGE = 100_000
const SIZES = [0, 1, 63, 64, 65, 100, 1024, 1025, 4096, LARGE]

function valueOf(key: number): Uint8Array {
  const bytes = new Uint8Array(SIZES[key % SIZES.length]!)
  for (let i = 0; i < bytes.length; i++) bytes[i] = (key * 31 + i * 7) % 251
  return bytes
}

/** A store of files that counts what it answers without a wait. */
class CountingFiles extends FileStore {
  answers = 0
  refuses = false
  damages = false

  override readNow(url: string, start: number, target: Uint8Array): boolean {
    if (this.refuses || !super.readNow(url, start, target)) return false
    this.answers++
    if (this.damages) target[target.length >> 1]! ^= 1
    return true
  }
}

const KEYS = Array.from({ length: 300 }, (_, i) => i)

async function openLarge(t: TestContext, compression: 'none' | 'snappy' = 'none') {
  const folder = await tempDirectory(t)
  const prefix = `${pathToFileURL(folder).href}/p`
  const engine = slatedb({ runtime: 'wasm', settings: { compression }, cacheBytes: 1 << 20 })
  const rows = KEYS.map((key) => [key, valueOf(key)] as const)
  await writeSnapshot(rows, { prefix, engine, sharding: { shards: 2 } })
  const objects = new CountingFiles()
  // A busy machine must not turn reads away as slow.
  t.mock.method(performance, 'now', () => 1)
  const reader = await SnapshotReader.open({ prefix, objects, engine, valueCacheBytes: 0 })
  t.after(async () => {
    await reader.close()
    await objects.close()
  })
  return { reader, objects }
}

for (const compression of ['none', 'snappy'] as const) {
  test(`values that do not fit into the cache are read from open files, without a wait (${compression})`, async (t) => {
    const { reader, objects } = await openLarge(t, compression)
    for (let round = 0; round < 4; round++) {
      for (const key of KEYS) {
        const value = (await reader.get(key))!
        assert.deepEqual(Buffer.from(value), Buffer.from(valueOf(key)), `key ${key}`)
        // It belongs to the caller: the next round must not see this.
        value.fill(0xff)
      }
      assert.equal(await reader.get(1_000_000), undefined)
    }
    assert.ok(objects.answers > 100, `${objects.answers} answers`)
    objects.refuses = true
    for (const key of KEYS) assert.deepEqual(await reader.get(key), valueOf(key))
  })
}

test('a block that arrives damaged is read again, and never a value', async (t) => {
  const { reader, objects } = await openLarge(t)
  for (let round = 0; round < 3; round++) for (const key of KEYS) await reader.get(key)
  const before = objects.answers
  objects.damages = true
  for (const key of KEYS) assert.deepEqual(await reader.get(key), valueOf(key))
  assert.ok(objects.answers > before)
})

test('a store whose get was changed is asked by get alone', async (t) => {
  class Upper extends FileStore {
    calls = 0
    override async get(...args: Parameters<FileStore['get']>): Promise<Uint8Array | undefined> {
      this.calls++
      return super.get(...args)
    }
  }
  const folder = await tempDirectory(t)
  const store = new Upper()
  t.after(() => store.close())
  const url = `${pathToFileURL(folder).href}/shards/run_id=r/db=00000/attempt=00/a`
  await store.put(url, new Uint8Array(100))
  for (let i = 0; i < 5; i++) await store.get(url, { range: { start: 0, end: 10 } })
  assert.equal(store.readNow(url, 0, new Uint8Array(10)), false)
})
