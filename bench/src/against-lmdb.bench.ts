// Is a snapshot on a local disk as fast as lmdb? By processor time; prints held or missed for each bound.
import { rmSync } from 'node:fs'
import { slatedb } from '@shardyfusion/core'
import { compare, type Contender, type Timing } from './support/compare.js'
import { digestOf, touch } from './support/digest.js'
import { inBatches, inLanes, sumInLanes } from './support/lanes.js'
import { looking } from './support/looking.js'
import { scatteredKeys, shuffledIds, sortedIds } from './support/rows.js'
import { SHORT } from './support/short.js'
import { lmdbStore } from './support/stores/lmdb-store.js'
import { entriesStore, snapshotStore } from './support/stores/snapshot-store.js'
import type { OpenStore, Store } from './support/stores/store.js'
import { withTempDir } from './support/temp-dir.js'
import { holdTo } from './support/verdict.js'

const ROUNDS = 5
const ROWS = SHORT ? 2_000 : 300_000
const GETS = SHORT ? 500 : 50_000
const CACHE_BYTES = 16 * 1024 * 1024
/** Tables in the cache of blocks, and 20 times as large. */
const LARGE = [
  { valueBytes: 4_096, rows: SHORT ? 100 : 2_500 },
  { valueBytes: 4_096, rows: SHORT ? 200 : 80_000 },
  { valueBytes: 256 * 1024, rows: SHORT ? 4 : 40 },
  { valueBytes: 256 * 1024, rows: SHORT ? 8 : 1_280 },
]

for (const valueBytes of [16, 100]) await small(valueBytes)
for (const { valueBytes, rows } of LARGE) await large(valueBytes, rows)

async function small(valueBytes: number): Promise<void> {
  const stores = [lmdbStore, snapshotStore('SnapshotReader', 0, undefined, 1)]
  await withStores(stores, valueBytes, ROWS, async (opened, places) => {
    const table = `${ROWS.toLocaleString('en')} rows of ${valueBytes} bytes, one shard`
    const ids = shuffledIds(ROWS)
    const [, built] = await compare({
      title: `build, no order, ${table}`,
      unit: 'row',
      units: ROWS,
      longRounds: ROUNDS,
      contenders: stores.map((store, i) => building(store, places(i), ids, valueBytes)),
    })
    hold(`build, ${valueBytes} bytes`, built, 1)
    const keys = scatteredKeys(GETS, ROWS)
    for (const lanes of [1, 64]) {
      const [, get] = await compare({
        title: `get, ${lanes} at a time, ${table}`,
        unit: 'get',
        units: GETS,
        longRounds: ROUNDS,
        contenders: opened.map(({ name, reader }) =>
          looking(name, () => inLanes(keys, lanes, (key) => reader.get(key))),
        ),
      })
      hold(`get, ${lanes} at a time, ${valueBytes} bytes`, get, 1)
    }
    const [, many] = await compare({
      title: `getMany of 256 keys, ${table}`,
      unit: 'key',
      units: GETS,
      longRounds: ROUNDS,
      contenders: opened.map(({ name, reader }) =>
        looking(name, () => inBatches(keys, 256, (batch) => reader.getMany(batch))),
      ),
    })
    const what = `getMany of 256, a key, ${valueBytes} bytes`
    holdTo({ what, value: many!.cpu!, unit: 'µs of CPU', atMost: 0.8 })
    const entries = await entriesStore.open(places.first(1))
    const scanned = [...opened, { name: 'scanIter, entries', reader: entries }]
    const [, chunks, one] = await compare({
      title: `scan in key order, ${table}`,
      unit: 'row',
      units: ROWS,
      longRounds: ROUNDS,
      contenders: scanned.map(scanning),
    })
    await entries.close()
    hold(`scan by chunks, ${valueBytes} bytes`, chunks, 0.5)
    hold(`scan by entries, ${valueBytes} bytes`, one, 1)
  })
}

async function large(valueBytes: number, rows: number): Promise<void> {
  const engine = slatedb({ cacheBytes: CACHE_BYTES })
  const stores = [lmdbStore, snapshotStore('SnapshotReader', 0, engine, 1)]
  await withStores(stores, valueBytes, rows, async (opened, places) => {
    const part = valueBytes * rows > CACHE_BYTES ? '20 times the cache' : 'in the cache'
    const table = `${rows.toLocaleString('en')} rows of ${valueBytes} bytes, ${part}`
    const ids = shuffledIds(rows)
    const [, built] = await compare({
      title: `build, no order, ${table}`,
      unit: 'row',
      units: rows,
      longRounds: ROUNDS,
      contenders: stores.map((store, i) => building(store, places(i), ids, valueBytes)),
    })
    hold(`build, values of ${valueBytes} bytes, ${part}`, built, 1.5)
    const [, chunks] = await compare({
      title: `scan in key order, ${table}`,
      unit: 'row',
      units: rows,
      longRounds: ROUNDS,
      contenders: opened.map(scanning),
    })
    hold(`scan by chunks, values of ${valueBytes} bytes, ${part}`, chunks, 0.5)
    const keys = scatteredKeys(Math.min(SHORT ? 50 : 20_000, 8 * rows), rows)
    for (const lanes of [1, 64]) {
      const title = `get, ${lanes} at a time, values of ${valueBytes} bytes, ${part}`
      const [, get] = await compare({
        title,
        unit: 'get',
        units: keys.length,
        longRounds: ROUNDS,
        contenders: opened.map(({ name, reader }) => {
          const all = (): Promise<number> => sumInLanes(keys, lanes, (key) => reader.get(key))
          return { name, run: all, answer: all }
        }),
      })
      hold(title, get, 1.5)
    }
  })
}

interface Place {
  readonly path: string
  readonly url: string
}

/** A contender that builds a table at the same place each time. */
function building(
  store: Store,
  place: Place,
  ids: readonly number[],
  valueBytes: number,
): Contender {
  return {
    name: store.name,
    run: () => store.build(place, ids, valueBytes),
    cleanUp: () => rmSync(place.path, { recursive: true }),
  }
}

/** A contender that scans its table. */
function scanning({ name, reader }: Opened[number]): Contender {
  return {
    name,
    run: () => reader.scan(touch),
    answer: () => digestOf(async (visit) => reader.scan(visit)),
  }
}

type Opened = readonly { readonly name: string; readonly reader: OpenStore }[]

interface Places {
  /** A new place for another build of a store. */
  (store: number): Place
  /** The place of the table of a store. */
  first(store: number): Place
}

/** Builds the table in each store, opens all, and closes them at the end. */
async function withStores(
  stores: readonly Store[],
  valueBytes: number,
  rows: number,
  use: (opened: Opened, places: Places) => Promise<void>,
): Promise<void> {
  await withTempDir(async ({ path, url }) => {
    let count = 0
    const at = (name: string) => ({ path: `${path}/${name}`, url: url(name) })
    const first = (store: number) => at(`table-${store}`)
    const places = Object.assign((store: number) => at(`build-${store}-${count++}`), { first })
    const opened: { name: string; reader: OpenStore }[] = []
    for (const [i, store] of stores.entries()) {
      await store.build(first(i), sortedIds(rows), valueBytes)
      opened.push({ name: store.name, reader: await store.open(first(i)) })
    }
    await use(opened, places)
    for (const { reader } of opened) await reader.close()
  })
}

function hold(what: string, timing: Timing | undefined, atMost: number): void {
  holdTo({ what, value: timing!.cpuShare!.median, unit: 'times the CPU of lmdb', atMost })
}
