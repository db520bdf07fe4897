import { setImmediate as turn } from 'node:timers/promises'
import { collectGarbage } from './collect-garbage.js'

/** Memory in bytes: of JavaScript with its buffers, and of the whole process. */
export interface HeldMemory {
  readonly heap: number
  readonly resident: number
}

/** Collects garbage, and returns the memory that is still held. */
export async function heldMemory(): Promise<HeldMemory> {
  // Finalizers run between collections, and may make more garbage.
  for (let i = 0; i < 4; i++) {
    collectGarbage()
    await turn()
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, resident: rss }
}
