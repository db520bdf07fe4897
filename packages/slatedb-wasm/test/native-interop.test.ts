import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { DbBuilder, DbReaderBuilder, ObjectStore, Settings, WriteBatch } from '@slatedb/uniffi'
import { SlateDbTableWriter, type Entry } from 'slatedb-wasm'
import { DirectoryStore } from './support/directory-store.js'
import {
  asText,
  bytes,
  numberedRows,
  openReader,
  readAll,
  text,
  writeDatabase,
} from './support/rows.js'
import { type Change, update } from './support/update-programs.js'

interface Seal {
  readonly name: string
  readonly flush: 'MemTable' | 'Wal'
  readonly settings: Readonly<Record<string, string>>
}

const OFF = { compactor_options: 'null', garbage_collector_options: 'null' }
const SEALS: readonly Seal[] = [
  { name: 'tables without a log', flush: 'MemTable', settings: { ...OFF, wal_enabled: 'false' } },
  { name: 'log and tables', flush: 'MemTable', settings: OFF },
  { name: 'a log alone', flush: 'Wal', settings: OFF },
  ...['Snappy', 'Lz4', 'Zlib', 'Zstd'].map((codec): Seal => ({
    name: `tables packed with ${codec}`,
    flush: 'MemTable',
    settings: { ...OFF, wal_enabled: 'false', compression_codec: `"${codec}"` },
  })),
]

for (const seal of SEALS) {
  test(`0.12 to 0.15: ${seal.name}, written by the native binding, are read`, async (t) => {
    const root = await tempDir(t)
    const rows = numberedRows(3000)
    await writeNative(root, rows, seal)
    const reader = await openReader(t, new DirectoryStore(root))
    assert.deepEqual(await readAll(reader.scan()), asText(rows))
    assert.deepEqual(
      await readAll(reader.scan({ start: rows[1000]![0], end: rows[1010]![0] }, { reverse: true })),
      asText(rows.slice(1000, 1010)).toReversed(),
    )
    const values = await reader.getMany(rows.map(([key]) => key))
    assert.deepEqual(
      values.map(text),
      rows.map(([, value]) => text(value)),
    )
  })
}

for (const codec of [null, 'Snappy', 'Lz4', 'Zlib', 'Zstd']) {
  test(`0.15 to 0.12: what is written with codec ${codec} is read by the native binding`, async (t) => {
    const root = await tempDir(t)
    const rows = numberedRows(3000)
    await writeDatabase(new DirectoryStore(root), rows, {
      compression_codec: codec,
      l0_sst_size_bytes: 64 << 10,
      max_unflushed_bytes: 128 << 10,
    })
    const reader = await openNative(root)
    t.after(() => reader.shutdown())
    assert.deepEqual(await allRows(reader), asText(rows))
    for (const i of [0, 1234, 2999]) {
      assert.equal(text(await reader.get(rows[i]![0])), text(rows[i]![1]))
    }
    assert.equal(await reader.get(new Uint8Array([1])), undefined)
  })
}

for (const codec of [undefined, null, 'Snappy', 'Lz4']) {
  test(`0.15 to 0.12: tables that do not overlap, with codec ${codec}, are read both ways by the native binding`, async (t) => {
    const root = await tempDir(t)
    const rows = numberedRows(5000)
    const writer = await SlateDbTableWriter.open({
      store: new DirectoryStore(root),
      settings: { compression_codec: codec, l0_sst_size_bytes: 24 << 10 },
    })
    await writer.write(rows.toReversed())
    const { sizes } = await writer.seal()
    await writer.close()
    assert.ok(sizes.size > 2, `${sizes.size} objects`)
    const native = await openNative(root)
    t.after(() => native.shutdown())
    const ours = await openReader(t, new DirectoryStore(root))
    for (const order of ['Ascending', 'Descending'] as const) {
      const scan = await native.scan_with_options(
        { start: undefined, end: undefined, start_inclusive: true, end_inclusive: false },
        {
          durability_filter: 'Remote',
          dirty: false,
          read_ahead_bytes: 65_536n,
          cache_blocks: false,
          max_fetch_tasks: 2n,
          order,
        },
      )
      const found: [string, string][] = []
      for (let row = await scan.next(); row !== undefined; row = await scan.next()) {
        found.push([text(row.key)!, text(row.value)!])
      }
      scan.dispose()
      const expected = order === 'Ascending' ? asText(rows) : asText(rows).toReversed()
      assert.deepEqual(found, expected)
      const read = ours.scan({}, { reverse: order === 'Descending' })
      assert.deepEqual(await readAll(read), expected)
    }
    for (const i of [0, 1234, 4999]) {
      assert.equal(text(await native.get(rows[i]![0])), text(rows[i]![1]))
    }
    assert.equal(await native.get(bytes('key-00123')), undefined)
  })
}

for (const codec of [undefined, null, 'Snappy', 'Lz4']) {
  test(`0.15 to 0.12: an updated database, with codec ${codec}, is read by the native binding`, async (t) => {
    const [before, root] = [await tempDir(t), await tempDir(t)]
    const rows = numberedRows(5000)
    const settings = { compression_codec: codec, l0_sst_size_bytes: 24 << 10 }
    const writer = await SlateDbTableWriter.open({ store: new DirectoryStore(before), settings })
    await writer.write(rows)
    await writer.seal()
    await writer.close()
    const changes = rows.flatMap(([key], i): Change[] => (i % 500 === 7 ? [[key, undefined]] : []))
    changes.push([bytes('key-005000'), bytes('new')])
    await update(new DirectoryStore(before), new DirectoryStore(root), changes, settings)
    const expected = asText(rows).filter((_, i) => i % 500 !== 7)
    expected.push(['key-005000', 'new'])
    const native = await openNative(root)
    t.after(() => native.shutdown())
    assert.deepEqual(await allRows(native), expected)
    for (const i of [0, 1234, 4989]) {
      assert.equal(text(await native.get(bytes(expected[i]![0]))), expected[i]![1])
    }
    assert.equal(await native.get(rows[507]![0]), undefined)
  })
}

test('a native writer goes on where this one stopped, and the other way round', async (t) => {
  const root = await tempDir(t)
  const rows = numberedRows(3000)
  await writeDatabase(new DirectoryStore(root), rows.slice(0, 1000))
  await writeNative(root, rows.slice(1000, 2000), SEALS[0]!)
  await writeDatabase(new DirectoryStore(root), rows.slice(2000))
  const reader = await openReader(t, new DirectoryStore(root))
  assert.deepEqual(await readAll(reader.scan()), asText(rows))
})

async function tempDir(t: { after(f: () => Promise<void>): void }): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'slatedb-wasm-'))
  t.after(() => rm(dir, { recursive: true }))
  return dir
}

async function writeNative(root: string, rows: readonly Entry[], seal: Seal): Promise<void> {
  const settings = Settings.default()
  for (const [name, json] of Object.entries(seal.settings)) settings.set(name, json)
  const builder = new DbBuilder('', ObjectStore.resolve(pathToFileURL(root).href))
  builder.with_settings(settings)
  const db = await builder.build()
  const batch = new WriteBatch()
  for (const [key, value] of rows) batch.put(key, value)
  await db.write_with_options(batch, { await_durable: false })
  await db.flush_with_options({ flush_type: seal.flush })
  await db.shutdown()
}

async function openNative(root: string) {
  const builder = new DbReaderBuilder('', ObjectStore.resolve(pathToFileURL(root).href))
  return builder.build()
}

async function allRows(
  reader: Awaited<ReturnType<typeof openNative>>,
): Promise<[string, string][]> {
  const scan = await reader.scan({
    start: undefined,
    end: undefined,
    start_inclusive: true,
    end_inclusive: false,
  })
  const rows: [string, string][] = []
  for (let row = await scan.next(); row !== undefined; row = await scan.next()) {
    rows.push([text(row.key)!, text(row.value)!])
  }
  scan.dispose()
  return rows
}
