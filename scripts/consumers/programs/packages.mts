// A strict program that calls each package on top of core once: its types are checked, and it runs.
import { tableFromArrays, tableToIPC } from 'apache-arrow'
import { Registry } from 'prom-client'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { arrowRecords } from '@shardyfusion/input'
import { lancedb } from '@shardyfusion/lancedb'
import { postgresCatalog } from '@shardyfusion/postgres'
import { serve } from '@shardyfusion/serve'
import { logEvents } from '@shardyfusion/telemetry/logging'
import { prometheusMetrics } from '@shardyfusion/telemetry/prometheus'
import { sqliteVec, VectorReader, writeVectors } from '@shardyfusion/vector'

function expect(what: string, got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new Error(`${what}: expected ${String(wanted)}, got ${String(got)}`)
}

const prefix = process.argv[2]!
const metrics = prometheusMetrics({ registry: new Registry() })
const lines: string[] = []
const log = (_fields: object, event: string): void => void lines.push(event)
const events = logEvents({ debug: log, info: log, warn: log, error: log })

const table = tableToIPC(tableFromArrays({ id: [1, 2], name: ['rope', 'hook'] }), 'file')
await writeSnapshot(arrowRecords(table), {
  prefix,
  sharding: { shards: 2 },
  key: 'id',
  value: 'name',
  values: 'utf8',
})
{
  await using server = await serve({ databases: [{ prefix }], http: { port: 0 }, redis: false })
  const response = await fetch(`${server.http!.url}/v1/items/2`)
  expect('serve', await response.text(), 'hook')
  const text = await metrics.text()
  expect('telemetry', /shardyfusion_reader_gets_total\{[^}]*\} 1\n/.test(text), true)
}
expect('logging', lines.includes('write_completed') && lines.includes('reader_closed'), true)

const records = [
  { id: 'a', vector: [0, 1] },
  { id: 'b', vector: [1, 0] },
]
for (const engine of [sqliteVec(), lancedb()]) {
  const at = `${prefix}-${engine.format}`
  await writeVectors(records, { prefix: at, dimensions: 2, sharding: { clusters: 1 }, engine })
  await using reader = await VectorReader.open({ prefix: at })
  const { results } = await reader.search([1, 0.1], { topK: 1 })
  expect(engine.format, results[0]?.id, 'b')
}

const connectionString = 'postgres://127.0.0.1:1/none'
try {
  const catalog = await postgresCatalog({ prefix, connectionString, attempts: 1 })
  await SnapshotReader.open({ prefix, catalog })
  throw new Error('postgres: expected an error, because nothing listens')
} catch (error) {
  expect('postgres', (error as { code?: unknown }).code, 'SHARD_STORE')
}
events.close()
metrics.close()
console.log('packages: ok')
