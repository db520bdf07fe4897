// Which engine for which table? SlateDB and SQLite through the contract of engines, compared with SQLite.
import { FileStore, slatedb, sqlite } from '@shardyfusion/core'
import { ChunkBuilder, type EngineReader, type ShardEngine } from '@shardyfusion/core/extend'
import { countStore, interceptStore } from '@shardyfusion/core/testing'
import { do_not_optimize } from 'mitata'
import { pathToFileURL } from 'node:url'
import { compare, type Contender, type Timing } from './support/compare.js'
import { record } from './support/record.js'
import { scatteredKeys, valueOf } from './support/rows.js'
import { SHORT } from './support/short.js'
import { median, rounded } from './support/statistics.js'
import { sqliteBindings } from './support/stores/sqlite-table.js'
import { withTempDir } from './support/temp-dir.js'
import { holdTo } from './support/verdict.js'

const ROWS = SHORT ? 2_000 : 1_000_000
const GETS = SHORT ? 500 : 100_000
const ROUNDS = 3
const BATCH = 100
const REQUEST_MS = 10
const CHUNK = 8192
const MIB = 1024 * 1024
const table = `${ROWS.toLocaleString('en')} rows, 8-byte keys in random order, 100-byte values`

const store = new FileStore()
const engines: readonly (readonly [name: string, engine: ShardEngine])[] = [
  ['slatedb()', slatedb({ runtime: 'wasm', cacheBytes: 1024 * MIB })],
  ['sqlite()', sqlite({ mode: 'range', cacheBytes: 1024 * MIB })],
  ['sqlite(), download', sqlite({ mode: 'download' })],
]
const written = engines.slice(0, 2)
const bindings = (await sqliteBindings()).filter(({ build }) => build !== undefined)
const [plain] = bindings

await withTempDir(async ({ path }) => {
  let built = 0
  const fresh = (): string => `${path}/build-${built++}`
  const builds = await compare({
    title: `build, sorting included, ${table}`,
    unit: 'row',
    units: ROWS,
    longRounds: ROUNDS,
    contenders: [
      ...bindings.map(({ name, build }): Contender => ({
        name,
        run: () => build!(`${fresh()}.db`, rows()),
      })),
      ...written.map(([name, engine]): Contender => ({
        name,
        run: () => write(engine, pathToFileURL(fresh()).href),
      })),
    ],
  })
  const urls = new Map<string, string>()
  const sizes = new Map<string, number>()
  for (const [name, engine] of written) {
    const url = pathToFileURL(`${path}/${engine.format}`).href
    await write(engine, url)
    urls.set(engine.format, url)
    let bytes = 0
    for await (const object of store.list(url)) bytes += object.bytes
    sizes.set(url, bytes)
    note(name, 'size', bytes / MIB, 'MiB')
  }
  const file = `${path}/sqlite/shard.db`
  const wanted = scatteredKeys(GETS, ROWS).map(randomKey)
  const readers: [string, EngineReader][] = []
  for (const [name, engine] of engines) {
    const reader = await engine.openReader({ url: urls.get(engine.format)!, objects: store })
    const scan = reader.scan({})
    while ((await scan.nextChunk(CHUNK)) !== undefined);
    for (let at = 0; at < ROWS; at += CHUNK)
      await reader.getMany(
        Array.from({ length: Math.min(CHUNK, ROWS - at) }, (_, i) => randomKey(at + i)),
      )
    readers.push([name, reader])
  }
  const open = await Promise.all(
    bindings.map(async (one) => ({ name: one.name, table: await one.open(file) })),
  )
  const gets = await compare({
    title: `get, all in memory, ${table}`,
    unit: 'get',
    units: GETS,
    longRounds: ROUNDS,
    contenders: [
      ...open.map(({ name, table: opened }): Contender => ({
        name,
        run: () => {
          let bytes = 0
          for (const key of wanted) bytes += opened.get(key)!.length
          return do_not_optimize(bytes)
        },
      })),
      ...readers.map(([name, reader]): Contender => ({
        name,
        run: async () => {
          let bytes = 0
          for (const key of wanted)
            bytes += (reader.peek!(key) ?? (await reader.getMany([key]))[0])!.length
          return do_not_optimize(bytes)
        },
      })),
    ],
  })
  await compare({
    title: `getMany of ${BATCH} keys, all in memory, ${table}`,
    unit: 'key',
    units: GETS,
    longRounds: ROUNDS,
    contenders: readers.map(([name, reader]): Contender => ({
      name,
      run: async () => {
        for (let at = 0; at < GETS; at += BATCH)
          do_not_optimize(await reader.getMany(wanted.slice(at, at + BATCH)))
      },
    })),
  })
  const scans = await compare({
    title: `scan in key order, packed chunks (rows for SQLite), ${table}`,
    unit: 'row',
    units: ROWS,
    longRounds: ROUNDS,
    contenders: [
      ...open.map(({ name, table: opened }): Contender => ({
        name,
        run: () => opened.scan(() => {}),
      })),
      ...readers.map(([name, reader]): Contender => ({
        name,
        run: async () => {
          const scan = reader.scan({})
          for (
            let chunk = await scan.nextChunk(CHUNK);
            chunk !== undefined;
            chunk = await scan.nextChunk(CHUNK)
          )
            do_not_optimize(chunk.count)
        },
      })),
    ],
  })
  for (const { table: opened } of open) opened.close()
  for (const [, reader] of readers) await reader.close()

  for (const [name, engine] of engines) {
    const url = urls.get(engine.format)!
    await coldReads(name, engine, url, sizes.get(url)!)
  }
  if (plain?.name === 'better-sqlite3') {
    const rate = (timings: readonly Timing[], name: string): number =>
      1 / timings.find((timing) => timing.name === name)!.cpuShare!.median
    const unit = 'times the rate of better-sqlite3, by processor time'
    holdTo({ what: 'build in random order', value: rate(builds, 'sqlite()'), unit, atLeast: 4 })
    holdTo({ what: 'get', value: rate(gets, 'sqlite()'), unit, atLeast: 2 })
    holdTo({ what: 'scan, packed', value: rate(scans, 'sqlite()'), unit, atLeast: 10 })
  }
})

/** Opens, one get and one batch in a reader without cached blocks, at `REQUEST_MS` a request. */
async function coldReads(
  name: string,
  engine: ShardEngine,
  url: string,
  bytes: number,
): Promise<void> {
  const slow = interceptStore(store, {
    before: () => new Promise((resolve) => setTimeout(resolve, REQUEST_MS)),
  })
  const times: Record<string, number[]> = { open: [], get: [], getMany: [] }
  const requests: Record<string, number[]> = { open: [], get: [], getMany: [] }
  for (let round = 0; round < (SHORT ? 1 : 7); round++) {
    const { store: counted, counts, reset } = countStore(slow)
    const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
      reset()
      const begun = performance.now()
      const result = await work()
      times[what]!.push(performance.now() - begun)
      const { read, write: lists } = counts().requests
      requests[what]!.push(read + lists)
      return result
    }
    const reader = await timed('open', () => engine.openReader({ url, objects: counted, bytes }))
    const batch = scatteredKeys((BATCH + 1) * (round + 1), ROWS)
      .slice(-BATCH - 1)
      .map(randomKey)
    await timed('get', () => reader.getMany(batch.slice(0, 1)))
    await timed('getMany', () => reader.getMany(batch.slice(1)))
    await reader.close()
  }
  for (const what of ['open', 'get', 'getMany']) {
    note(name, `${what}, cold, ${REQUEST_MS} ms a request`, median(times[what]!), 'ms')
    note(name, `${what}, cold`, median(requests[what]!), 'requests')
  }
  if (name === 'sqlite()')
    holdTo({
      what: `getMany of ${BATCH} keys, nothing cached, ${REQUEST_MS} ms a request`,
      value: median(times['getMany']!),
      unit: 'ms',
      atMost: 60,
    })
}

function note(name: string, what: string, value: number, unit: string): void {
  console.log(`    ${name}: ${what}: ${rounded(value)} ${unit}`)
  record({ engine: name, what, value: rounded(value), unit })
}

/** Writes all rows as a build does: packed batches in input order. */
async function write(engine: ShardEngine, url: string): Promise<void> {
  const writer = await engine.openWriter({ url, objects: store, memoryBytes: 512 * MIB })
  const builder = new ChunkBuilder()
  for (let i = 0; i < ROWS; i++) {
    builder.push(randomKey(i), valueOf(i))
    if (builder.bytes >= MIB) await writer.write(builder.finish())
  }
  if (builder.count > 0) await writer.write(builder.finish())
  await writer.seal()
  await writer.close()
}

function* rows(): Generator<readonly [Uint8Array, Uint8Array]> {
  for (let i = 0; i < ROWS; i++) yield [randomKey(i), valueOf(i)]
}

/** The stored key of row `i`: keys in input order are in no order. */
function randomKey(i: number): Buffer {
  const key = Buffer.alloc(8)
  key.writeUInt32BE(Math.imul(i + 1, 0x9e3779b1) >>> 0, 0)
  key.writeUInt32BE(i, 4)
  return key
}
