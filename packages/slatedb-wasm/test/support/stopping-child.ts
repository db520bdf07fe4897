// Started by stopped-engine.test.ts: stops engines, and prints what its memory was before and after.
import { heldMemory } from '@shardyfusion/test-support/held-memory'
import { stopEngine } from './stop-engine.js'

const times = Number(process.argv[2])

async function stop(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await stopEngine()
}

await stop(10)
const before = await heldMemory()
await stop(times)
process.stdout.write(`${JSON.stringify({ before, after: await heldMemory() })}\n`)
