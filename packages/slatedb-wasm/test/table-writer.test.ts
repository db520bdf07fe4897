import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  MemoryStore,
  setCacheBudget,
  type SlateDbError,
  SlateDbTableWriter,
  type Entry,
} from 'slatedb-wasm'
import { IS_SOAK, soak } from '@shardyfusion/test-support/soak'
import { CountingStore } from './support/counting-store.js'
import { asText, bytes, numberedRows, openReader, readAll, text } from './support/rows.js'
import { randomNumbers, runTableProgram } from './support/table-programs.js'

const SOAK_MS = soak(0, 15_000)
const seed = Number(process.env['SHARDYFUSION_SEED'] ?? (IS_SOAK ? Date.now() % 1e9 : 1))

test('random programs leave what a Map has, with little memory', async () => {
  let merged = 0
  let runs = 0
  let programs = 0
  const end = performance.now() + SOAK_MS
  // The long form ends by the clock, so that a slow machine does not hold up the others.
  while (programs < 500 || performance.now() < end) {
    const { parts, tables } = await runTableProgram(seed + programs)
    programs++
    if (parts > 1) merged++
    if (tables > 1) runs++
  }
  await setCacheBudget(64 << 20)
  assert.ok(merged >= programs / 10, `${merged} of ${programs} programs merged parts`)
  assert.ok(runs >= programs / 20, `${runs} of ${programs} programs made several tables`)
})

function shuffled(rows: readonly Entry[]): Entry[] {
  const random = randomNumbers(7)
  const mixed = [...rows]
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = random(i + 1)
    ;[mixed[i], mixed[j]] = [mixed[j]!, mixed[i]!]
  }
  return mixed
}

test('a database of one table takes two writes and nothing else', async () => {
  const store = new CountingStore()
  const writer = await SlateDbTableWriter.open({ store })
  await writer.write(shuffled(numberedRows(5000)))
  const sealed = await writer.seal()
  await writer.close()
  assert.deepEqual(store.calls, { get: 0, head: 0, put: 2, list: 0, delete: 0 })
  assert.equal(sealed.sizes.size, 2)
  assert.equal(sealed.manifest.path, 'manifest/00000000000000000001.manifest')
  const stored = [...store.objects.list('')]
  assert.deepEqual(new Map(stored.map(({ path, size }) => [path, size])), sealed.sizes)
  assert.equal(
    writer.bytes,
    stored.reduce((sum, { size }) => sum + size, 0),
  )
})

test('rows beyond the memory wait in parts and become one run of tables that do not overlap', async (t) => {
  const store = new MemoryStore()
  const rows = numberedRows(20_000)
  const writer = await SlateDbTableWriter.open({
    store,
    memoryBytes: 64 << 10,
    settings: { l0_sst_size_bytes: 32 << 10 },
  })
  const mixed = shuffled(rows)
  for (let i = 0; i < mixed.length; i += 100) await writer.write(mixed.slice(i, i + 100))
  assert.ok([...store.list('parts')].length > 10)
  const { sizes } = await writer.seal()
  await writer.close()
  assert.equal([...store.list('parts')].length, 0)
  assert.ok(sizes.size > 20)
  const reader = await openReader(t, store)
  assert.deepEqual(await readAll(reader.scan()), asText(rows))
})

test('a store of parts may use a buffer again once it is released', async (t) => {
  const store = new MemoryStore()
  const parts = new MemoryStore()
  let released = 0
  const writer = await SlateDbTableWriter.open({
    store,
    memoryBytes: 64 << 10,
    parts: {
      get: (path, start, end) => parts.get(path, start, end),
      release: (read) => {
        released++
        read.fill(0xff)
      },
      put: (path, content, ifAbsent) => parts.put(path, content, ifAbsent),
      delete: (path) => parts.delete(path),
    },
  })
  const rows = numberedRows(20_000)
  const mixed = shuffled(rows)
  for (let i = 0; i < mixed.length; i += 100) await writer.write(mixed.slice(i, i + 100))
  await writer.seal()
  await writer.close()
  assert.ok(released > 10)
  const reader = await openReader(t, store)
  assert.deepEqual(await readAll(reader.scan()), asText(rows))
})

test('of equal keys the last counts, in one chunk and in several parts', async (t) => {
  const store = new MemoryStore()
  const writer = await SlateDbTableWriter.open({ store, memoryBytes: 1024 })
  const key = bytes('key')
  await writer.write([
    [key, bytes('1')],
    [bytes('other'), bytes('x')],
    [key, bytes('2')],
  ])
  for (let i = 3; i < 300; i++) await writer.write([[key, bytes(String(i))]])
  await writer.seal()
  await writer.close()
  const reader = await openReader(t, store)
  assert.equal(text(await reader.get(key)), '299')
  assert.equal(text(await reader.get(bytes('other'))), 'x')
})

test('blocks are packed where that saves an eighth, and nowhere else', async (t) => {
  const random = randomNumbers(3)
  const kinds: Record<string, () => Uint8Array> = {
    text: () => bytes('the quick brown fox jumps over the lazy dog, again and again'),
    noise: () => Uint8Array.from({ length: 60 }, () => random(256)),
  }
  for (const [kind, value] of Object.entries(kinds)) {
    const rows = numberedRows(20_000).map(([key]): Entry => [key, value()])
    const sizes: number[] = []
    for (const settings of [{}, { compression_codec: null }, { compression_codec: 'Snappy' }]) {
      const store = new MemoryStore()
      const writer = await SlateDbTableWriter.open({ store, settings })
      await writer.write(rows)
      await writer.seal()
      await writer.close()
      sizes.push(writer.bytes)
      const reader = await openReader(t, store)
      assert.deepEqual(await readAll(reader.scan()), asText(rows))
    }
    const [chosen, plain, packed] = sizes as [number, number, number]
    assert.equal(chosen, kind === 'text' ? packed : plain, `${kind}: ${sizes.join(', ')} bytes`)
    assert.ok(packed < plain)
  }
})

test('a database without rows is complete', async (t) => {
  const store = new MemoryStore()
  const writer = await SlateDbTableWriter.open({ store })
  await writer.seal()
  await writer.close()
  const reader = await openReader(t, store)
  assert.deepEqual(await readAll(reader.scan()), [])
})

test('a second database at the same place is refused when it is sealed', async (t) => {
  const store = new MemoryStore()
  const [first, second] = [
    await SlateDbTableWriter.open({ store }),
    await SlateDbTableWriter.open({ store }),
  ]
  await first.write([[bytes('a'), bytes('first')]])
  await second.write([[bytes('a'), bytes('second')]])
  await first.seal()
  await assert.rejects(second.seal(), (error: SlateDbError) => error.kind === 'Fenced')
  await first.close()
  await second.close()
  const reader = await openReader(t, store)
  assert.equal(text(await reader.get(bytes('a'))), 'first')
})

for (const failing of ['compacted', 'manifest', 'parts']) {
  test(`a store that cannot write ${failing} fails the call with its error`, async () => {
    const cause = new Error('the disk is full')
    const store = new MemoryStore()
    const writer = await SlateDbTableWriter.open({
      store: {
        ...onlyMethods(store),
        put: (path, content, ifAbsent) => {
          if (path.startsWith(failing)) throw cause
          return store.put(path, content, ifAbsent)
        },
      },
      memoryBytes: 8192,
    })
    const work = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) await writer.write(numberedRows(100))
      await writer.seal()
    }
    await assert.rejects(work(), (error: SlateDbError) => {
      assert.deepEqual([error.kind, error.cause], ['Unavailable', cause])
      return true
    })
    await assert.rejects(async () => writer.write([[bytes('a'), bytes('b')]]), { kind: 'Closed' })
    await writer.close()
  })
}

function onlyMethods(store: MemoryStore) {
  return {
    get: store.get.bind(store),
    head: store.head.bind(store),
    list: store.list.bind(store),
    delete: store.delete.bind(store),
  }
}

test('keys and values beyond the limits, and broken chunks, are refused', async () => {
  const open = () => SlateDbTableWriter.open({ store: new MemoryStore() })
  for (const key of [new Uint8Array(0), new Uint8Array(65_536)]) {
    const writer = await open()
    await assert.rejects(writer.write([[key, bytes('x')]]), /a key takes 1 to 65535 bytes/)
    await writer.close()
  }
  const writer = await open()
  await assert.rejects(async () => writer.writePacked(new ArrayBuffer(64)), /not a packed chunk/)
  await writer.close()
  await assert.rejects(
    SlateDbTableWriter.open({ store: new MemoryStore(), settings: { no_such: 1 } }),
    /"no_such" is none of SlateDB 0\.15's/,
  )
})

test('close ends a running seal, and a writer that is closed takes nothing', async () => {
  const writer = await SlateDbTableWriter.open({
    store: { ...onlyMethods(new MemoryStore()), put: () => new Promise(() => {}) },
  })
  await writer.write(numberedRows(10))
  const sealing = assert.rejects(writer.seal(), { kind: 'Closed' })
  await writer.close()
  await sealing
  await assert.rejects(async () => writer.write(numberedRows(1)), { kind: 'Closed' })
})
