// Started by growth.test.ts: does a lot, and prints what its memory was before and after.
import { collectGarbage } from '@shardyfusion/test-support/collect-garbage'
import { SlateDbReader } from 'slatedb-wasm'
import { loadEngine } from '#dist/instance.js'
import { CountingStore } from './counting-store.js'
import { numberedRows, readAll, writeDatabase } from './rows.js'

export interface Memory {
  /** Of the module, in bytes. */
  readonly wasm: number
  readonly heap: number
  readonly resident: number
}

/** An odd number, so that one of them is in the middle. */
const SAMPLES = 5

const { module } = await loadEngine()
const [work = '', times = '0'] = process.argv.slice(2)
const rows = numberedRows(20_000, 100)
const stores: CountingStore[] = []
// One after the other: the memory of the module does not shrink, so writing must not take much.
while (stores.length < (work === 'hold' ? 100 : 1)) {
  const store = new CountingStore()
  await writeDatabase(store, work === 'hold' ? rows.slice(0, 5000) : rows)
  stores.push(store)
}

async function gets(count: number): Promise<void> {
  const reader = await SlateDbReader.open({ store: stores[0]! })
  for (let i = 0; i < count; i++) await reader.get(rows[(i * 7919) % rows.length]![0])
  await reader.close()
}

async function cycles(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const reader = await SlateDbReader.open({ store: stores[0]! })
    await reader.getMany([rows[i]![0], rows[19_000 - i]![0]])
    await readAll(reader.scan({ end: rows[500]![0] }))
    await reader.close()
  }
}

const held: SlateDbReader[] = []
async function hold(count: number): Promise<void> {
  for (let i = held.length; i < count; i++) {
    held.push(await SlateDbReader.open({ store: stores[i]! }))
    await held[i]!.get(rows[i]![0])
  }
}

const run = { gets, cycles, hold }[work]!
await run(work === 'hold' ? 1 : Number(times))
const before = await settled()
await run(Number(times))
process.stdout.write(`${JSON.stringify({ before, after: await settled() })}\n`)

/** Medians of some measurements; between them the collector and what it releases have their turn. */
async function settled(): Promise<Memory> {
  const samples: Memory[] = []
  for (let i = 0; i < SAMPLES; i++) {
    for (let round = 0; round < 3; round++) {
      collectGarbage()
      await new Promise((resolve) => setImmediate(resolve))
    }
    samples.push(measured())
  }
  const median = (of: (sample: Memory) => number): number =>
    samples.map(of).toSorted((a, b) => a - b)[(SAMPLES - 1) / 2]!
  return {
    wasm: median(({ wasm }) => wasm),
    heap: median(({ heap }) => heap),
    resident: median(({ resident }) => resident),
  }
}

function measured(): Memory {
  collectGarbage()
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
  // Starting bindings a second time only returns what there is.
  const wasm = module.initSync(undefined as never).memory.buffer.byteLength
  return { wasm, heap: heapUsed + arrayBuffers, resident: rss }
}
