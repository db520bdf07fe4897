// Opens one shard and gets one key. cold-open.bench.ts starts it in a separate process, because a second open
// reuses the thread and memory of the first. Prints one line of JSON.
import { ShardReader, ShardWriter } from '@shardyfusion/core'
import type { Engine } from './data.js'
import { residentMemory } from './memory.js'

const [url = '', key = '0', warmUp = '', name = ''] = process.argv.slice(2)
const engine = name as Engine
// Load the library and start its thread. The figures do not include them.
const other = await ShardWriter.open({ url: warmUp, engine })
await other.close()
const before = residentMemory()

const startedAt = performance.now()
const reader = await ShardReader.open({ url, engine })
const openedAt = performance.now()
const value = await reader.get(Number(key))
const gotAt = performance.now()
const after = residentMemory()
await reader.close()

const result = {
  valueBytes: value?.length ?? 0,
  openMs: openedAt - startedAt,
  getMs: gotAt - openedAt,
  residentBytes: after - before,
}
process.stdout.write(`${JSON.stringify(result)}\n`)
