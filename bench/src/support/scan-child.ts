// Scans a whole snapshot in key order in a separate process, for its peak memory. Prints one line of JSON.
import { SnapshotReader } from '@shardyfusion/core'
import { peakMemory, residentMemory } from './memory.js'

const [prefix = ''] = process.argv.slice(2)
const before = residentMemory()
const reader = await SnapshotReader.open({ prefix })
const startedAt = performance.now()
let rows = 0
let bytes = 0
for await (const [key, value] of reader.scanIter()) {
  rows++
  bytes += key.length + value.length
}
const seconds = (performance.now() - startedAt) / 1000
await reader.close()
const result = { rows, bytes, seconds, beforeBytes: before, peakBytes: peakMemory() }
process.stdout.write(`${JSON.stringify(result)}\n`)
