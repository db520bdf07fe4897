// How many durable writes complete while the same thread reads in tight loops?
//
// An engine call with an immediate answer continues as a microtask. A loop of such calls starves the event loop: timers,
// sockets and writes that wait for their log do not progress. This happens if rows are in memory, as in an open shard
// that was sealed by its log. With tables, about every block comes from another thread, and the event loop runs in
// between.
import { ShardReader, SnapshotReader } from '@shardyfusion/core'
import { openDb, openReader, scan } from './support/bare.js'
import { buildSnapshot, describeRows, ENGINES, ROWS } from './support/data.js'
import { sealByLog } from './support/log-shard.js'
import { record } from './support/record.js'
import { scatteredKeys, storedKey, valueOf } from './support/rows.js'
import { SHORT } from './support/short.js'
import { median, rounded } from './support/statistics.js'
import { withTempDir } from './support/temp-dir.js'

const WRITERS = 32
const LANES = 64
const MILLISECONDS = SHORT ? 100 : 1_500
const ROUNDS = SHORT ? 1 : 3

/** Reads without pause until `over()`. It checks the clock directly, because timers may not fire. */
type Load = (over: () => boolean) => Promise<void>

const keys = scatteredKeys(4_096, ROWS)

await withTempDir(async ({ url }) => {
  await sealByLog(url('log'))
  const [tables = ''] = await buildSnapshot(url('snapshot'))
  const bareLog = await openReader(url('log'))
  const bareTables = await openReader(tables)
  const ours = await Promise.all(
    ENGINES.map(async (engine) => ({
      engine,
      shard: await ShardReader.open({ url: url('log'), engine }),
      snapshot: await SnapshotReader.open({ prefix: url('snapshot'), engine }),
    })),
  )

  const loads: Record<string, Load> = { alone: async () => {} }
  for (const [where, { reader }] of [
    ['log', bareLog],
    ['tables', bareTables],
  ] as const) {
    loads[`bare: 1 scan, rows in ${where}`] = async (over) => {
      while (!over()) await scan(reader, () => {}, over)
    }
    loads[`bare: ${LANES} gets, rows in ${where}`] = (over) =>
      lanes(over, (key) => reader.get(storedKey(key)))
  }
  for (const { engine, shard, snapshot } of ours) {
    for (const [where, reader] of [
      ['log', shard],
      ['tables', snapshot],
    ] as const) {
      loads[`${engine}: 1 scanIter, rows in ${where}`] = async (over) => {
        while (!over()) for await (const _ of reader.scanIter()) if (over()) break
      }
      loads[`${engine}: ${LANES} gets, rows in ${where}`] = (over) =>
        lanes(over, (key) => reader.get(key))
      loads[`${engine}: 1 getMany of ${keys.length}, rows in ${where}`] = async (over) => {
        while (!over()) await reader.getMany(keys)
      }
    }
  }
  const names = Object.keys(loads)
  const measured = new Map(names.map((name) => [name, [] as Writes[]]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) {
      measured
        .get(name)!
        .push(await writesDuring(url(`db-${round}-${names.indexOf(name)}`), loads[name]!))
    }
  }

  const title = `${WRITERS} durable writers during reads of ${describeRows()}`
  console.log(`\n  ${title}`)
  const [alone = []] = measured.values()
  const results = [...measured].map(([load, rounds]) => ({
    load,
    putsPerSecond: Math.round(median(rounds.map(({ puts }) => (puts * 1000) / MILLISECONDS))),
    ofAlone: rounded(median(rounds.map(({ puts }, i) => puts / alone[i]!.puts))),
    worstMs: Math.round(median(rounds.map(({ worstMs }) => worstMs))),
    worstOfAllMs: Math.round(Math.max(...rounds.map(({ worstMs }) => worstMs))),
  }))
  for (const { load, putsPerSecond, ofAlone, worstMs, worstOfAllMs } of results) {
    console.log(
      `    ${load.padEnd(40)} ${String(putsPerSecond).padStart(6)} puts/s (${ofAlone} of alone), ` +
        `worst put ${worstMs} ms (of all rounds ${worstOfAllMs})`,
    )
  }
  record({ title, unit: 'put', milliseconds: MILLISECONDS, rounds: ROUNDS, results })

  for (const { shard, snapshot } of ours) {
    await shard.close()
    await snapshot.close()
  }
  await bareLog.close()
  await bareTables.close()
})

interface Writes {
  /** Number of writes that became durable in time. */
  readonly puts: number
  /** The longest put, including puts that completed after the time limit. */
  readonly worstMs: number
}

/** Counts the durable writes of a separate database during one load. */
async function writesDuring(url: string, load: Load): Promise<Writes> {
  const { db, close } = await openDb(url, { flush_interval: '10ms' })
  let puts = 0
  let worstMs = 0
  const end = performance.now() + MILLISECONDS
  const over = (): boolean => performance.now() >= end
  const writer = async (id: number): Promise<void> => {
    for (let i = id; !over(); i += WRITERS) {
      const started = performance.now()
      await db.put(storedKey(i), valueOf(i))
      const now = performance.now()
      worstMs = Math.max(worstMs, now - started)
      if (now < end) puts++
    }
  }
  const writers = Array.from({ length: WRITERS }, (_, id) => writer(id))
  await Promise.all([load(over), ...writers])
  await close()
  return { puts, worstMs }
}

async function lanes(over: () => boolean, get: (key: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (!over()) await get(keys[next++ % keys.length]!)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}
