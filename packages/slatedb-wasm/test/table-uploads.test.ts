import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore, SlateDbTableWriter, type Entry, type TableWriterOptions } from 'slatedb-wasm'
import { asText, bytes, openReader, readAll, text } from './support/rows.js'
import { randomNumbers } from './support/table-programs.js'
import { UploadStore } from './support/upload-store.js'

const MIB = 1 << 20

/** Rows in no order, some of them with the same key, with values of up to `largest` bytes. */
function mixedRows(count: number, largest: number): Entry[] {
  const random = randomNumbers(5)
  return Array.from({ length: count }, () => {
    const value = new Uint8Array(random(largest))
    for (let i = 0; i < value.length; i += 16) value[i] = random(256)
    return [bytes(`key-${String(random(count)).padStart(6, '0')}`), value]
  })
}

/** Writes rows, `rowsPerChunk` at a time. */
async function write(
  rows: readonly Entry[],
  options: TableWriterOptions,
  rowsPerChunk = 1,
): Promise<void> {
  const writer = await SlateDbTableWriter.open(options)
  try {
    for (let i = 0; i < rows.length; i += rowsPerChunk)
      await writer.write(rows.slice(i, i + rowsPerChunk))
    const { sizes } = await writer.seal()
    const stored = [...(options.store as MemoryStore).list('')]
    assert.deepEqual(new Map(stored.map(({ path, size }) => [path, size])), sizes)
  } finally {
    await writer.close()
  }
}

function lastOf(rows: readonly Entry[]): [string, string][] {
  const last = new Map(asText(rows))
  return [...last].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** The tables by their order, whose names are random. */
function tablesOf(store: MemoryStore): Buffer[] {
  const paths = store.list('compacted').map(({ path }) => path)
  return paths.sort().map((path) => Buffer.from(store.get(path)!))
}

for (const codec of [undefined, null, 'Lz4']) {
  test(`tables in pieces have the bytes of whole ones (codec: ${codec ?? String(codec)})`, async (t) => {
    const rows = mixedRows(600, 100_000)
    const settings = { compression_codec: codec, l0_sst_size_bytes: 9 * MIB }
    for (const memoryBytes of [128 * MIB, 8 * MIB]) {
      const whole = new MemoryStore()
      const store = new UploadStore()
      await write(rows, { store: whole, memoryBytes, settings })
      await write(rows, { store, memoryBytes, settings })
      assert.deepEqual(
        tablesOf(store).map((table) => table.length),
        tablesOf(whole).map((table) => table.length),
      )
      assert.ok(Buffer.concat(tablesOf(store)).equals(Buffer.concat(tablesOf(whole))))
      if (codec === null) assert.ok(store.pieces.length > 15)
      assert.ok(Math.max(...store.pieces) <= MIB)
      assert.equal(store.aborted, 0)
      const reader = await openReader(t, store)
      assert.deepEqual(await readAll(reader.scan()), lastOf(rows))
    }
  })
}

test('parts in pieces are read again, several frames at a time', async (t) => {
  const rows = mixedRows(3000, 20_000)
  const parts = new UploadStore()
  let reads = 0
  const get = (path: string, start: number, end?: number): Uint8Array | undefined => {
    reads++
    return parts.get(path, start, end)
  }
  const store = new MemoryStore()
  const stored: TableWriterOptions['parts'] = {
    get,
    put: () => assert.fail('a part is stored in pieces'),
    upload: (path) => parts.upload(path),
    delete: (path) => parts.delete(path),
  }
  await write(rows, { store, memoryBytes: 8 * MIB, parts: stored }, 20)
  assert.equal(parts.list('').length, 0)
  assert.ok(parts.completed > 20, `${parts.completed} objects`)
  assert.ok(Math.max(...parts.pieces) <= MIB)
  const spilled = parts.pieces.reduce((sum, size) => sum + size, 0)
  assert.ok(reads < spilled / (300 << 10), `${reads} reads of ${spilled} bytes`)
  const reader = await openReader(t, store)
  assert.deepEqual(await readAll(reader.scan()), lastOf(rows))
})

test('long rows are right, alone in a chunk and with others, with room behind them or not', async (t) => {
  const store = new MemoryStore()
  const writer = await SlateDbTableWriter.open({ store })
  const value = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill)
  const rows: Entry[] = [
    [bytes('b'), value(300_000, 1)],
    [bytes('a'), value(2 * MIB, 2)],
    [bytes('b'), value(200_000, 3)],
    [bytes('d'), value(0, 4)],
    [bytes('c'), value(131_072, 5)],
  ]
  for (const row of rows) await writer.write([row])
  await writer.write([
    [bytes('e'), value(250_000, 6)],
    [bytes('c'), value(250_000, 7)],
  ])
  // A packed chunk with one row, whose data begins and ends before the buffer does.
  const packed = new ArrayBuffer(400_000)
  new Uint32Array(packed, 0, 6).set([0x31434653, 1, 4096, 150_001, 1, 150_001])
  new Uint8Array(packed, 4096, 150_001).fill(8).set(bytes('f'))
  await writer.writePacked(packed)
  assert.equal((await writer.seal()).rows, 6)
  await writer.close()
  const reader = await openReader(t, store)
  const found = await readAll(reader.scan())
  const expected: Entry[] = [
    [bytes('a'), value(2 * MIB, 2)],
    [bytes('b'), value(200_000, 3)],
    [bytes('c'), value(250_000, 7)],
    [bytes('d'), value(0, 4)],
    [bytes('e'), value(250_000, 6)],
    [bytes('f'), value(150_000, 8)],
  ]
  assert.deepEqual(
    found.map(([key]) => key),
    expected.map(([key]) => text(key)),
  )
  for (const [i, [, written]] of expected.entries())
    assert.ok(found[i]![1] === text(written), `row ${i}`)
})

test('a piece that cannot be stored fails the call, and the rest of the object is removed', async () => {
  const store = new UploadStore()
  let left = 3
  store.onWrite = async () => {
    if (left-- === 0) throw new Error('disk full')
  }
  const writer = await SlateDbTableWriter.open({ store, settings: { compression_codec: null } })
  for (const row of mixedRows(100, 100_000)) await writer.write([row])
  await assert.rejects(
    writer.seal(),
    (error: Error) => (error.cause as Error).message === 'disk full',
  )
  await writer.close()
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([store.completed, store.aborted, store.list('').length], [0, 1, 0])
})

test('closing a writer during a seal removes the pieces of its table', async () => {
  const store = new UploadStore()
  let release = (): void => {}
  const started = new Promise<void>((resolve) => {
    store.onWrite = () => {
      resolve()
      return new Promise((end) => (release = end))
    }
  })
  const writer = await SlateDbTableWriter.open({ store, settings: { compression_codec: null } })
  for (const row of mixedRows(100, 100_000)) await writer.write([row])
  const sealing = writer.seal()
  const failed = assert.rejects(sealing, { name: 'SlateDbError', kind: 'Closed' })
  await started
  await writer.close()
  await failed
  release()
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([store.completed, store.aborted, store.list('').length], [0, 1, 0])
})
