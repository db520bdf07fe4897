// How much do metrics and spans add to a lookup, in processor time? Processes without and with them alternate.
import { SnapshotReader, sqlite, writeSnapshot } from '@shardyfusion/core'
import { prometheusMetrics } from '@shardyfusion/telemetry/prometheus'
import { do_not_optimize } from 'mitata'
import { Registry } from 'prom-client'
import { compare, type Contender, type Time } from './support/compare.js'
import { rows } from './support/rows.js'
import { runChild } from './support/run-child.js'
import { SHORT } from './support/short.js'
import { withTempDir } from './support/temp-dir.js'
import { holdTo } from './support/verdict.js'

const ROWS = SHORT ? 2_000 : 50_000
const ROUNDS = 7
const SHARDS = 4
const CACHE_BYTES = 256 * 1024 * 1024

await withTempDir(async ({ url }) => {
  const prefix = url('slatedb')
  await writeSnapshot(rows(ROWS), { prefix, sharding: { shards: SHARDS } })
  const ofSqlite = url('sqlite')
  const engine = sqlite()
  await writeSnapshot(rows(ROWS), { prefix: ofSqlite, sharding: { shards: SHARDS }, engine })

  const many = SHORT ? 500 : 100_000
  const fewer = SHORT ? 500 : 20_000
  await holdGet('get of a cached value', [prefix, CACHE_BYTES, ROWS, many, 1])
  await holdGet('get of a value in memory of the engine', [prefix, 0, ROWS, many, 1])
  await holdGet('get that waits for the engine', [ofSqlite, 0, ROWS, fewer, 1])
  await withAndWithout('metrics', 'getMany of 100 keys in memory', [prefix, 0, ROWS, many, 100])
  await withAndWithout('spans', 'a span for every get of a cached value', [
    prefix,
    CACHE_BYTES,
    ROWS,
    fewer,
    1,
  ])

  // A service is scraped every 15 seconds or so.
  const registry = new Registry()
  const exporter = prometheusMetrics({ registry })
  await using reader = await SnapshotReader.open({ prefix })
  await reader.get(1)
  const scrapes = async (): Promise<void> => {
    for (let i = 0; i < 100; i++) do_not_optimize(await exporter.text())
  }
  const contenders = [{ name: 'text()', run: scrapes }]
  await compare({
    title: 'a scrape of one reader',
    unit: 'scrape',
    units: 100,
    longRounds: 5,
    contenders,
  })
})

/** Arguments of the child: prefix, bytes of the cache of values, rows, lookups, keys in a batch. */
type Lookups = readonly [
  prefix: string,
  cacheBytes: number,
  rows: number,
  keys: number,
  batch: number,
]

async function withAndWithout(mode: 'metrics' | 'spans', title: string, lookups: Lookups) {
  const contender = (name: string): Contender => ({
    name,
    run: () => undefined,
    timed: () => runChild<Time>('metrics-child', name, ...lookups.map(String)),
  })
  const contenders = [contender('off'), contender(mode)]
  const longRounds = mode === 'spans' ? 3 : ROUNDS
  return compare({ title, unit: 'key', units: lookups[3], longRounds, contenders })
}

async function holdGet(title: string, lookups: Lookups): Promise<void> {
  const [, on] = await withAndWithout('metrics', title, lookups)
  const value = 100 * (on!.cpuShare!.median - 1)
  holdTo({ what: `metrics on, ${title}`, value, unit: '% more CPU', atMost: 10 })
}
