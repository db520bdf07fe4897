// Builds a snapshot of rows in memory or of a Parquet file: <memory|parquet> <file> <rows> <prefix>
import assert from 'node:assert/strict'
import { writeSnapshot } from '@shardyfusion/core'
import { parquetRecords } from '@shardyfusion/input'
import { peakMemory } from './memory.js'
import { nameOf } from './parquet-rows.js'

const [source, file, count, prefix] = process.argv.slice(2)
assert.ok(file !== undefined && count !== undefined && prefix !== undefined)
const records =
  source === 'memory'
    ? Array.from({ length: Number(count) }, (_, i) => ({ id: BigInt(i), name: nameOf(i) }))
    : parquetRecords(file, { columns: ['id', 'name'] })
globalThis.gc?.()
const cpu = process.cpuUsage()
const startedAt = performance.now()
const { rowCount } = await writeSnapshot(records as AsyncIterable<Record<string, unknown>>, {
  prefix,
  sharding: { shards: 8 },
  key: 'id',
  value: 'name',
  values: 'utf8',
})
assert.equal(rowCount, Number(count))
const seconds = (performance.now() - startedAt) / 1000
const { user, system } = process.cpuUsage(cpu)
const cpuSeconds = (user + system) / 1e6
console.log(JSON.stringify({ seconds, cpuSeconds, peakBytes: peakMemory() }))
