// Looks up keys in a separate process, without or with an exporter. Prints one line of JSON: nanoseconds in all.
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { SnapshotReader } from '@shardyfusion/core'
import { openTelemetryTraces } from '@shardyfusion/telemetry/opentelemetry'
import { prometheusMetrics } from '@shardyfusion/telemetry/prometheus'
import { do_not_optimize } from 'mitata'
import { scatteredKeys } from './rows.js'
import { SHORT } from './short.js'

const REPEATS = SHORT ? 2 : 25

const [mode, prefix = '', valueCacheBytes, rows, count, batchSize] = process.argv.slice(2)
if (mode === 'metrics') prometheusMetrics()
if (mode === 'spans') openTelemetryTraces({ tracerProvider: new BasicTracerProvider(), gets: true })

const reader = await SnapshotReader.open({ prefix, valueCacheBytes: Number(valueCacheBytes) })
const few = scatteredKeys(Math.min(2_048, Number(rows)), Number(rows))
const keys = scatteredKeys(Number(count), few.length).map((i) => few[i]!)
const batch = Number(batchSize)

async function work(): Promise<void> {
  if (batch === 1) for (const key of keys) do_not_optimize(await reader.get(key))
  else
    for (let i = 0; i < keys.length; i += batch)
      do_not_optimize(await reader.getMany(keys.slice(i, i + batch)))
}

// Until the code is compiled, as in a service after its first seconds.
for (let i = 0; i < 3; i++) await work()
const times: { wall: number; cpu: number }[] = []
for (let i = 0; i < REPEATS; i++) {
  const startedAt = performance.now()
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  times.push({ wall: (performance.now() - startedAt) * 1e6, cpu: (user + system) * 1e3 })
}
// The least disturbed of them: other load on the machine only adds.
times.sort((a, b) => a.cpu - b.cpu)
await reader.close()
process.stdout.write(`${JSON.stringify(times[0])}\n`)
