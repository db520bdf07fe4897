// Gets many keys of a snapshot in a separate process, for its peak memory. Prints one line of JSON.
import { SnapshotReader } from '@shardyfusion/core'
import { peakMemory } from './memory.js'
import { scatteredKeys } from './rows.js'
import { SHORT } from './short.js'

const GETS = SHORT ? 1_000 : 100_000

const [prefix = '', rows = ''] = process.argv.slice(2)
const reader = await SnapshotReader.open({ prefix })
let found = 0
for (const key of scatteredKeys(GETS, Number(rows))) {
  if ((await reader.get(key)) !== undefined) found++
}
await reader.close()
process.stdout.write(`${JSON.stringify({ found, peakBytes: peakMemory() })}\n`)
