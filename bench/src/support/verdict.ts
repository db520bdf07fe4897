import { record } from './record.js'
import { SHORT } from './short.js'
import { rounded } from './statistics.js'

export interface Target {
  /** The promise, understandable without context. */
  readonly what: string
  readonly value: number
  readonly unit: string
  /** The bound of the value. */
  readonly atLeast?: number
  readonly atMost?: number
}

const missed: string[] = []

/** Prints a figure, its bound and the verdict. The process exits with an error if any promise is missed. */
export function holdTo({ what, value, unit, atLeast, atMost }: Target): void {
  const held = value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity)
  const bound = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`
  const verdict = SHORT ? 'short run, no verdict' : held ? 'held' : 'missed'
  console.log(`    ${verdict}: ${what}: ${rounded(value)} ${unit}, ${bound}`)
  record({ target: what, value: rounded(value), unit, atLeast, atMost, held })
  if (!SHORT && !held) missed.push(what)
}

process.once('beforeExit', () => {
  if (missed.length > 0) console.log(`\n  ${missed.length} missed: ${missed.join('; ')}`)
})
