import type { Contender } from './compare.js'
import { digestOfValues } from './digest.js'

/** A contender that looks keys up; its values must be those of the others. */
export function looking(name: string, all: () => Promise<(Uint8Array | undefined)[]>): Contender {
  return { name, run: all, answer: async () => digestOfValues(await all()) }
}
