import { record } from './record.js'
import { SHORT } from './short.js'
import { rounded } from './statistics.js'

export interface Target {
  /** The promise, in words that need no context. */
  readonly what: string
  readonly value: number
  readonly unit: string
  /** The bound, and the side of it the value must be on. */
  readonly atLeast?: number
  readonly atMost?: number
}

const missed: string[] = []

/** Prints a figure with its bound and whether it holds; the process ends with a failure if any is missed. */
export function holdTo({ what, value, unit, atLeast, atMost }: Target): void {
  const held = value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity)
  const bound = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`
  const verdict = SHORT ? 'too short to say' : held ? 'held' : 'missed'
  console.log(`    ${verdict}: ${what}: ${rounded(value)} ${unit}, ${bound}`)
  record({ target: what, value: rounded(value), unit, atLeast, atMost, held })
  if (!SHORT && !held) missed.push(what)
}

process.once('beforeExit', () => {
  if (missed.length > 0) console.log(`\n  ${missed.length} missed: ${missed.join('; ')}`)
})
