// Opens the shards of a snapshot in order and keeps them open. open-shards.bench.ts runs it in a separate process to
// measure its memory. Prints one line of JSON.
import { ShardReader } from '@shardyfusion/core'
import type { Engine } from './data.js'
import { residentMemory } from './memory.js'

const [root = '', count = '', gets = '', rows = '', name = ''] = process.argv.slice(2)
const engine = name as Engine
const readers: ShardReader[] = []

/** Opens a shard and looks up keys across its range. */
async function open(shard: number): Promise<void> {
  const reader = await ShardReader.open({ url: new URL(String(shard), root).href, engine })
  await reader.getMany(Array.from({ length: Number(gets) }, (_, i) => (i * 7919) % Number(rows)))
  readers.push(reader)
}

// The first shards load the engine and grow the JavaScript heap, so they are not measured.
const warmUp = Math.ceil(Number(count) / 4)
for (let shard = 0; shard < warmUp; shard++) await open(shard)
globalThis.gc?.()
const before = { bytes: residentMemory(), cpu: process.cpuUsage(), at: performance.now() }
for (let shard = warmUp; shard < Number(count); shard++) await open(shard)
const { user, system } = process.cpuUsage(before.cpu)
const seconds = (performance.now() - before.at) / 1000
globalThis.gc?.()
const opened = Number(count) - warmUp
const result = {
  bytes: (residentMemory() - before.bytes) / opened,
  cpuMs: (user + system) / 1000 / opened,
  wallMs: (seconds * 1000) / opened,
}
for (const reader of readers) await reader.close()
process.stdout.write(`${JSON.stringify(result)}\n`)
