// One whole build, started by memory-build.ts in a separate process, because peak memory is a property of the
// process. Prints one line of JSON.
import { writeSnapshot } from '@shardyfusion/core'
import type { Engine } from './data.js'
import { peakMemory, residentMemory } from './memory.js'
import { rows } from './rows.js'

const [prefix = '', count = '', shards = '', engine = ''] = process.argv.slice(2)
// Rows between two memory samples.
const SAMPLES = 20
const step = Math.ceil(Number(count) / SAMPLES)
const residentMB: number[] = []

const startedAt = performance.now()
const snapshot = await writeSnapshot(rows(Number(count)), {
  prefix,
  sharding: { shards: Number(shards) },
  engine: engine as Engine,
  onProgress: ({ rows: done }) => {
    if (done >= (residentMB.length + 1) * step) residentMB.push(Math.round(residentMemory() / 1e6))
  },
})
const seconds = (performance.now() - startedAt) / 1000
const { user, system } = process.cpuUsage()
const result = {
  rows: snapshot.rowCount,
  seconds,
  cpuSeconds: (user + system) / 1e6,
  peakBytes: peakMemory(),
  storedBytes: snapshot.bytes,
  residentMB,
}
process.stdout.write(`${JSON.stringify(result)}\n`)
