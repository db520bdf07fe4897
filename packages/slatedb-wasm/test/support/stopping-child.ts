// Started by stopped-engine.test.ts with --expose-gc: stops engines, and prints what its memory was before and after.
import { stopEngine } from './stop-engine.js'

export interface Memory {
  readonly external: number
  readonly resident: number
}

const times = Number(process.argv[2])

async function stop(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await stopEngine()
}

async function measured(): Promise<Memory> {
  const { gc } = globalThis as unknown as { gc(): void }
  // Memories of WebAssembly are freed by tasks that a collection leaves to the event loop.
  for (let i = 0; i < 3; i++) {
    gc()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { external, rss } = process.memoryUsage()
  return { external, resident: rss }
}

await stop(10)
const before = await measured()
await stop(times)
process.stdout.write(`${JSON.stringify({ before, after: await measured() })}\n`)
