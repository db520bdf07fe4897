// How much do metrics and traces add to a lookup, in processor time? Off and on alternate in one process.
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { SnapshotReader, sqlite, writeSnapshot } from '@shardyfusion/core'
import { openTelemetryTraces } from '@shardyfusion/telemetry/opentelemetry'
import { prometheusMetrics } from '@shardyfusion/telemetry/prometheus'
import { do_not_optimize } from 'mitata'
import { Registry } from 'prom-client'
import { compare, type Contender } from './support/compare.js'
import { rows, scatteredKeys } from './support/rows.js'
import { SHORT } from './support/short.js'
import { withTempDir } from './support/temp-dir.js'
import { holdTo } from './support/verdict.js'

const ROWS = SHORT ? 2_000 : 50_000
const ROUNDS = 25
const SHARDS = 4
/** A service is scraped every 15 seconds; here once for each run, which takes less than a second. */
const SCRAPES = 1

type Work = () => Promise<void>

await withTempDir(async ({ url }) => {
  const prefix = url('slatedb')
  await writeSnapshot(rows(ROWS), { prefix, sharding: { shards: SHARDS } })
  const ofSqlite = url('sqlite')
  await writeSnapshot(rows(ROWS), {
    prefix: ofSqlite,
    sharding: { shards: SHARDS },
    engine: sqlite(),
  })
  const cached = await SnapshotReader.open({ prefix, valueCacheBytes: 256 * 1024 * 1024 })
  const peeking = await SnapshotReader.open({ prefix, valueCacheBytes: 0 })
  const waiting = await SnapshotReader.open({ prefix: ofSqlite, valueCacheBytes: 0 })
  const few = scatteredKeys(SHORT ? 100 : 2_048, ROWS)
  const often = scatteredKeys(SHORT ? 500 : 400_000, few.length).map((i) => few[i]!)
  const fewer = often.slice(0, SHORT ? 500 : 50_000)

  const gets = (reader: SnapshotReader, keys: readonly number[]): Work => {
    return async () => {
      for (const key of keys) do_not_optimize(await reader.get(key))
    }
  }
  await onAndOff('get of a cached value', often.length, gets(cached, often), true)
  await onAndOff('get of a value in memory of the engine', often.length, gets(peeking, often), true)
  await onAndOff('get that waits for the engine', fewer.length, gets(waiting, fewer), true)

  const batches = Array.from({ length: Math.ceil(fewer.length / 100) }, (_, i) =>
    fewer.slice(100 * i, 100 * (i + 1)),
  )
  const manyGets = async (): Promise<void> => {
    for (const batch of batches) do_not_optimize(await peeking.getMany(batch))
  }
  await onAndOff('getMany of 100 keys in memory', fewer.length, manyGets, false)
  for (const reader of [cached, peeking, waiting]) await reader.close()
})

async function onAndOff(title: string, units: number, work: Work, isGet: boolean): Promise<void> {
  const metrics = async (): Promise<void> => {
    const exporter = prometheusMetrics({ registry: new Registry() })
    await work()
    for (let i = 0; i < SCRAPES; i++) await exporter.text()
    exporter.close()
  }
  const traces = async (): Promise<void> => {
    const tracerProvider = new BasicTracerProvider()
    const exporter = openTelemetryTraces({ tracerProvider, gets: true })
    await work()
    exporter.close()
  }
  await work()
  const contenders: Contender[] = [
    { name: 'off', run: work },
    { name: 'metrics for Prometheus', run: metrics },
    { name: 'a span for every call', run: traces },
  ]
  const [, on] = await compare({ title, unit: 'key', units, longRounds: ROUNDS, contenders })
  if (!isGet) return
  const value = 100 * (on!.cpuShare!.median - 1)
  holdTo({ what: `metrics on, ${title}`, value, unit: '% more CPU', atMost: 10 })
}
