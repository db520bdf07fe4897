// Compares this package with the native binding on the same database, in alternating rounds of one process.
//
//   node scripts/compare-native.mjs [rows]
//
// Prints medians of processor time over all threads; wall time says little on a busy machine. Run `npm run build` at the
// root first. Both read the same folder.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { DbBuilder, DbReaderBuilder, ObjectStore, Settings, WriteBatch } from '@slatedb/uniffi'
import { EntryChunk, SlateDbReader, SlateDbWriter } from 'slatedb-wasm'
import { DirectoryStore } from '../dist-test/support/directory-store.js'

const ROWS = Number(process.argv[2] ?? 100_000)
const ROUNDS = 7
const GETS = 1000
const CHUNK = 1024
const VALUE = new Uint8Array(100).fill(65)

/** @type {Map<string, number[]>} */
const results = new Map()
const root = mkdtempSync(join(tmpdir(), 'slatedb-compare-'))
try {
  for (let round = 0; round < ROUNDS; round++) {
    await buildWasm(join(root, `wasm-${round}`))
    await buildNative(join(root, `native-${round}`))
    const shard = join(root, `${round % 2 === 0 ? 'wasm' : 'native'}-${round}`)
    const order = round % 2 === 0 ? [readWasm, readNative] : [readNative, readWasm]
    for (const read of order) await read(shard)
  }
  report()
} finally {
  rmSync(root, { recursive: true })
}
process.exit() // The binding keeps the process alive for a while.

/** @param {string} dir */
async function buildWasm(dir) {
  await measure('build, µs/row', 'wasm', ROWS, async () => {
    const writer = await SlateDbWriter.open({ store: new DirectoryStore(dir) })
    for (const rows of chunks()) await writer.write(EntryChunk.from(rows))
    await writer.flush()
    await writer.close()
  })
}

/** @param {string} dir */
async function buildNative(dir) {
  await measure('build, µs/row', 'native', ROWS, async () => {
    const settings = Settings.default()
    for (const name of ['compactor_options', 'garbage_collector_options'])
      settings.set(name, 'null')
    settings.set('wal_enabled', 'false')
    const builder = new DbBuilder('', ObjectStore.resolve(pathToFileURL(dir).href))
    builder.with_settings(settings)
    builder.with_db_cache_disabled()
    const db = await builder.build()
    for (const rows of chunks()) {
      const batch = new WriteBatch()
      for (const [key, value] of rows) batch.put(key, value)
      await db.write_with_options(batch, { await_durable: false })
      batch.dispose()
    }
    await db.flush_with_options({ flush_type: 'MemTable' })
    await db.shutdown()
    db.dispose()
  })
}

/** @param {string} dir */
async function readWasm(dir) {
  const store = new DirectoryStore(dir)
  /** @type {SlateDbReader} */
  let reader
  await measure('open and first get, ms', 'wasm', 1000, async () => {
    reader = await SlateDbReader.open({ store })
    expect(await reader.get(keyOf(1)))
  })
  const keys = someKeys()
  await measure('get cold, µs', 'wasm', GETS, async () => {
    for (const wanted of keys) expect(await reader.get(wanted))
  })
  await measure('get warm, µs', 'wasm', GETS, async () => {
    for (const wanted of keys) expect(await reader.get(wanted))
  })
  await measure('getMany(1000) warm, µs/key', 'wasm', GETS, async () => {
    const values = await reader.getMany(keys)
    for (const value of values) expect(value)
  })
  await measure('scan, µs/row', 'wasm', ROWS, async () => {
    let rows = 0
    const scan = reader.scan()
    for (let chunk = await scan.nextChunk(CHUNK); chunk !== undefined;) {
      for (let i = 0; i < chunk.count; i++) rows += chunk.value(i).length === VALUE.length ? 1 : 0
      chunk = await scan.nextChunk(CHUNK)
    }
    if (rows !== ROWS) throw new Error(`${rows} rows`)
  })
  await measure('close, ms', 'wasm', 1000, () => reader.close())
}

/** @param {string} dir */
async function readNative(dir) {
  /** @type {Awaited<ReturnType<InstanceType<typeof DbReaderBuilder>['build']>>} */
  let reader = /** @type {any} */ (undefined)
  await measure('open and first get, ms', 'native', 1000, async () => {
    const builder = new DbReaderBuilder('', ObjectStore.resolve(pathToFileURL(dir).href))
    reader = await builder.build()
    expect(await reader.get(keyOf(1)))
  })
  const keys = someKeys()
  for (const name of ['get cold, µs', 'get warm, µs']) {
    await measure(name, 'native', GETS, async () => {
      for (const wanted of keys) expect(await reader.get(wanted))
    })
  }
  await measure('getMany(1000) warm, µs/key', 'native', GETS, async () => {
    for (let i = 0; i < keys.length; i += 64) {
      const values = await Promise.all(keys.slice(i, i + 64).map((wanted) => reader.get(wanted)))
      for (const value of values) expect(value)
    }
  })
  const range = { start_inclusive: true, end_inclusive: false, start: undefined, end: undefined }
  await measure('scan, µs/row', 'native', ROWS, async () => {
    const scan = await reader.scan(range)
    await drain(scan)
  })
  await measure('scan with read-ahead, µs/row', 'native', ROWS, async () => {
    const scan = await reader.scan_with_options(range, {
      durability_filter: 'Memory',
      dirty: false,
      read_ahead_bytes: 65_536n,
      cache_blocks: false,
      max_fetch_tasks: 2n,
      order: 'Ascending',
    })
    await drain(scan)
  })
  await measure('close, ms', 'native', 1000, () => reader.shutdown())
  reader.dispose()
}

/** @param {{ next(): Promise<{ value: Uint8Array } | undefined>, dispose(): void }} scan */
async function drain(scan) {
  let rows = 0
  for (let row = await scan.next(); row !== undefined; row = await scan.next()) {
    rows += row.value.length === VALUE.length ? 1 : 0
  }
  scan.dispose()
  if (rows !== ROWS) throw new Error(`${rows} rows`)
}

function* chunks() {
  for (let i = 0; i < ROWS; i += CHUNK) {
    const count = Math.min(CHUNK, ROWS - i)
    /** @type {[Uint8Array, Uint8Array][]} */
    const rows = Array.from({ length: count }, (_, j) => [keyOf(i + j), VALUE])
    yield rows
  }
}

function someKeys() {
  // A stride that visits blocks in no order.
  return Array.from({ length: GETS }, (_, i) => keyOf((i * 7919) % ROWS))
}

/** @param {number} i */
function keyOf(i) {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(i))
  return bytes
}

/** @param {Uint8Array | undefined} value */
function expect(value) {
  if (value?.length !== VALUE.length) throw new Error('a value is missing or wrong')
}

/**
 * @param {string} name
 * @param {string} engine
 * @param {number} count operations; the figure is microseconds of processor time for each
 * @param {() => Promise<void>} body
 */
async function measure(name, engine, count, body) {
  const start = process.cpuUsage()
  await body()
  const { user, system } = process.cpuUsage(start)
  const figure = (user + system) / count
  const place = `${name}|${engine}`
  results.set(place, [...(results.get(place) ?? []), figure])
}

function report() {
  /** @param {string} name */
  const median = (name) => results.get(name)?.sort((a, b) => a - b)[ROUNDS >> 1]
  const names = new Set([...results.keys()].map((name) => name.split('|')[0]))
  console.log(
    `${ROWS} rows of 8 + 100 bytes, processor time, medians of ${ROUNDS} rounds, Node ${process.version}`,
  )
  for (const name of names) {
    const wasm = median(`${name}|wasm`)
    const native = median(`${name}|native`)
    const ratio = wasm !== undefined && native !== undefined ? (native / wasm).toFixed(1) : ''
    const cells = [wasm, native].map((figure) => (figure?.toFixed(2) ?? '-').padStart(10))
    console.log(`${name?.padEnd(32)} wasm ${cells[0]}  native ${cells[1]}  ratio ${ratio}`)
  }
}
