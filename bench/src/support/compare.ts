import assert from 'node:assert/strict'
import { measure } from 'mitata'
import { record } from './record.js'
import { SHORT } from './short.js'
import { median, rounded, spread } from './statistics.js'

/** One way to do the work. */
export interface Contender {
  readonly name: string
  /** Does the work once. */
  readonly run: () => unknown
  /** What the work results in, to be equal for all; asked for once, before anything is timed. */
  readonly answer?: () => unknown
  /** Units of work in one run, when it is not that of the comparison. */
  readonly units?: number
}

export interface Comparison {
  readonly title: string
  /** What `units` counts, in the singular. */
  readonly unit: string
  /** Units of work in one run. */
  readonly units: number
  /** The plain way first: the others are measured against it. */
  readonly contenders: readonly Contender[]
  /** For work of seconds: so many rounds, of one run each. */
  readonly slowRounds?: number
}

/** The result for one contender; times per unit of work. */
export interface Timing {
  readonly name: string
  readonly microseconds: number
  /** How many times as fast as the first contender: the median of the rounds, and the extremes. */
  readonly timesAsFast: number
  readonly range: readonly [number, number]
}

const MILLISECOND = 1e6

/**
 * Times the contenders in turn, several rounds, and prints how each compares with the first.
 *
 * A ratio is taken within a round, so that a machine that is busy for a while slows both sides of it;
 * every other round runs backwards. mitata takes the samples of a round, of which the median counts.
 */
export async function compare(comparison: Comparison): Promise<void> {
  const { title, unit, contenders, slowRounds } = comparison
  await checkAnswers(comparison)
  const rounds = SHORT ? 1 : (slowRounds ?? 7)
  const perUnit = contenders.map(() => [] as number[])
  for (let round = 0; round < rounds; round++) {
    const order = contenders.map((_, i) => i)
    for (const i of round % 2 === 0 ? order : order.reverse()) {
      const { run, units = comparison.units } = contenders[i]!
      perUnit[i]!.push((await nanoseconds(run, slowRounds !== undefined)) / 1000 / units)
    }
  }
  const timings = contenders.map(({ name }, i): Timing => {
    const ratios = perUnit[i]!.map((time, round) => perUnit[0]![round]! / time)
    const [low, high] = spread(ratios)
    return {
      name,
      microseconds: rounded(median(perUnit[i]!)),
      timesAsFast: rounded(median(ratios)),
      range: [rounded(low), rounded(high)],
    }
  })
  print(title, unit, timings)
  record({ title, unit, timings })
}

async function checkAnswers({ title, contenders }: Comparison): Promise<void> {
  const [plain, ...others] = contenders.filter(({ answer }) => answer !== undefined)
  if (plain === undefined) return
  const expected = await plain.answer!()
  for (const { name, answer } of others) {
    assert.deepEqual(await answer!(), expected, `${title}: ${name} and ${plain.name} differ`)
  }
}

/** The time of one run: the median of several, or just of one. */
async function nanoseconds(run: () => unknown, once: boolean): Promise<number> {
  if (!SHORT && !once) {
    return (await measure(run, { min_samples: 3, min_cpu_time: 150 * MILLISECOND })).p50
  }
  // mitata runs everything once before it measures, which would double the time of slow work.
  let warm = false
  const measured = async (): Promise<void> => {
    if (warm) await run()
    warm = true
  }
  return (await measure(measured, { min_samples: 1, min_cpu_time: 1, warmup_samples: 0 })).p50
}

function print(title: string, unit: string, timings: readonly Timing[]): void {
  const width = Math.max(...timings.map(({ name }) => name.length))
  console.log(`\n  ${title}`)
  for (const [i, { name, microseconds, timesAsFast, range }] of timings.entries()) {
    const time = `${String(microseconds).padStart(9)} µs/${unit}`
    const ratio = i === 0 ? '1' : `${timesAsFast} (${range[0]} to ${range[1]}) times as fast`
    console.log(`    ${name.padEnd(width)} ${time}   ${ratio}`)
  }
}
