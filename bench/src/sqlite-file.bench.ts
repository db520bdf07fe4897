// How does our reader and writer of the SQLite file format compare with SQLite?
import { readFileSync } from 'node:fs'
import { ChunkBuilder } from '@shardyfusion/core/extend'
import { do_not_optimize } from 'mitata'
import { setCacheBudget, SqliteFile, SqliteFileWriter, SqliteImage } from 'sqlite-file'
import { createFileSink, openFileSource } from 'sqlite-file/node'
import { compare, type Contender, type Timing } from './support/compare.js'
import { digestOf, touch } from './support/digest.js'
import { scatteredKeys, valueOf } from './support/rows.js'
import { SHORT } from './support/short.js'
import { sortedOrder } from './support/sorted-order.js'
import { median } from './support/statistics.js'
import { KV, sqliteBindings } from './support/stores/sqlite-table.js'
import { withTempDir } from './support/temp-dir.js'
import { holdTo } from './support/verdict.js'

const ROWS = SHORT ? 2_000 : 1_000_000
const GETS = SHORT ? 500 : 100_000
const ROUNDS = 5
const BATCH = 100
const REQUEST_MS = 10
const table = `${ROWS.toLocaleString('en')} rows, 8-byte keys in random order, 100-byte values`

// Rows as an engine of the SDK receives them: packed, in input order.
const packed = packedRows()
const bindings = await sqliteBindings()
const [plain] = bindings
const isBetter = plain!.name === 'better-sqlite3'

await withTempDir(async ({ path }) => {
  let built = 0
  const fresh = (): string => `${path}/build-${built++}.db`
  const rows = function* (): Generator<readonly [Uint8Array, Uint8Array]> {
    for (let i = 0; i < ROWS; i++) yield [packed.key(i), packed.value(i)]
  }
  const builds = await compare({
    title: `build, sorting included, ${table}`,
    unit: 'row',
    units: ROWS,
    longRounds: 3,
    contenders: [
      ...bindings
        .filter(({ build }) => build !== undefined)
        .map((binding): Contender => ({
          name: binding.name,
          run: () => binding.build!(fresh(), rows()),
        })),
      { name: 'sqlite-file', run: () => buildOurs(fresh()) },
    ],
  })

  const file = `${path}/table.db`
  await buildOurs(file)
  setCacheBudget(2 ** 30)
  await using source = await openFileSource(file)
  await using byRange = await SqliteFile.open(source)
  const cached = byRange.keyValue('kv')
  for await (const chunk of cached.scan()) do_not_optimize(chunk.count)
  const image = new SqliteImage(readFileSync(file))
  const inMemory = image.keyValue('kv')
  const open = await Promise.all(
    bindings.map(async (binding) => ({ name: binding.name, table: await binding.open(file) })),
  )
  const wanted = scatteredKeys(GETS, ROWS).map(randomKey)
  await cached.getMany(Array.from({ length: ROWS }, (_, i) => randomKey(i)))

  const get = (
    name: string,
    one: (key: Uint8Array) => Uint8Array | undefined | null,
  ): Contender => ({
    name,
    run() {
      let bytes = 0
      for (const key of wanted) bytes += one(key)!.length
      return do_not_optimize(bytes)
    },
    answer: () => wanted.slice(0, 500).map((key) => Buffer.from(one(key)!).toString('hex')),
  })
  const gets = await compare({
    title: `get, all pages in memory, ${table}`,
    unit: 'get',
    units: GETS,
    longRounds: ROUNDS,
    contenders: [
      ...open.map(({ name, table: opened }) => get(name, (key) => opened.get(key))),
      get('sqlite-file, cached pages', (key) => cached.peek(key)),
      get('sqlite-file, file in memory', (key) => inMemory.get(key)),
    ],
  })

  const scans = await compare({
    title: `scan in key order, ${table}`,
    unit: 'row',
    units: ROWS,
    longRounds: ROUNDS,
    contenders: [
      ...open.map(({ name, table: opened }): Contender => ({
        name,
        run: () => opened.scan(touch),
        answer: () => digestOf(async (visit) => opened.scan(visit)),
      })),
      {
        name: 'sqlite-file, entries',
        run() {
          for (const chunk of inMemory.scan()) for (const [key, value] of chunk) touch(key, value)
        },
        answer: () =>
          digestOf(async (visit) => {
            for (const chunk of inMemory.scan()) for (const [key, value] of chunk) visit(key, value)
          }),
      },
      {
        name: 'sqlite-file, packed chunks',
        run() {
          for (const chunk of inMemory.scan()) do_not_optimize(chunk.count)
        },
      },
    ],
  })
  for (const { table: opened } of open) opened.close()

  const times: number[] = []
  for (let round = 0; round < (SHORT ? 1 : 9); round++) times.push(await coldBatch(file, round))
  if (isBetter) {
    const times4 = (timings: readonly Timing[], name: string): number =>
      1 / timings.find((timing) => timing.name === name)!.cpuShare!.median
    const unit = 'times the rate of better-sqlite3, by processor time'
    holdTo({
      what: 'build in random order',
      value: times4(builds, 'sqlite-file'),
      unit,
      atLeast: 4,
    })
    holdTo({ what: 'get', value: times4(gets, 'sqlite-file, cached pages'), unit, atLeast: 2 })
    holdTo({
      what: 'scan, packed',
      value: times4(scans, 'sqlite-file, packed chunks'),
      unit,
      atLeast: 10,
    })
  }
  holdTo({
    what: `getMany of ${BATCH} keys, nothing cached, ${REQUEST_MS} ms a request`,
    value: median(times),
    unit: 'ms',
    atMost: 60,
  })
})

/** Builds with our writer, from rows in random order. */
async function buildOurs(path: string): Promise<void> {
  const sink = await createFileSink(path)
  const writer = new SqliteFileWriter(sink)
  const kv = writer.createTable(KV)
  let n = 0
  for (const row of sortedOrder(packed)) {
    kv.put(packed.key(row), packed.value(row))
    if (++n % 1024 === 0) await kv.ready()
  }
  await writer.finish()
  await sink.close()
}

/** Milliseconds of a batch in a newly opened file, over a store with latency. */
async function coldBatch(path: string, round: number): Promise<number> {
  const bytes = readFileSync(path)
  const file = await SqliteFile.open({
    size: bytes.length,
    async read(offset, length) {
      await new Promise((resolve) => setTimeout(resolve, REQUEST_MS))
      return bytes.subarray(offset, offset + length)
    },
  })
  const batch = scatteredKeys(BATCH * (round + 1), ROWS)
    .slice(-BATCH)
    .map(randomKey)
  const begun = performance.now()
  const values = await file.keyValue('kv').getMany(batch)
  const ms = performance.now() - begun
  if (values.includes(undefined)) throw new Error('sqlite-file: a key was not found')
  file.close()
  return ms
}

/** All rows in one chunk. */
function packedRows() {
  const builder = new ChunkBuilder(ROWS, 108 * ROWS)
  for (let i = 0; i < ROWS; i++) builder.push(randomKey(i), valueOf(i))
  return builder.finish()
}

/** Key `i`: eight unique pseudo-random bytes. */
function randomKey(i: number): Buffer {
  const key = Buffer.alloc(8)
  key.writeUInt32BE(Math.imul(i, 0x9e3779b1) >>> 0, 0)
  key.writeUInt32BE(i, 4)
  return key
}
