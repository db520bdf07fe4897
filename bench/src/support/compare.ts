import assert from 'node:assert/strict'
import { measure } from 'mitata'
import { record } from './record.js'
import { SHORT } from './short.js'
import { median, rounded, spread } from './statistics.js'

/** One implementation of the work. */
export interface Contender {
  readonly name: string
  /** Does the work once. */
  readonly run: () => unknown
  /** Does the work once in another process, which takes the time; instead of `run`. */
  readonly timed?: () => Promise<Time>
  /** The result of the work, which must be equal for all contenders. Computed once, before timing. */
  readonly answer?: () => unknown
  /** Share of the true results that it finds, for work that may miss some. */
  readonly recall?: number
  /** Removes what a run has made; takes no time of it. */
  readonly cleanUp?: () => unknown
  /** Units of work in one run, if different from the comparison. */
  readonly units?: number
}

export interface Comparison {
  readonly title: string
  /** What `units` counts, in the singular. */
  readonly unit: string
  /** Units of work in one run. */
  readonly units: number
  /** The contenders. The first is the baseline of the ratios. */
  readonly contenders: readonly Contender[]
  /** Number of rounds, of one run each, for work of a tenth of a second or more. */
  readonly longRounds?: number
}

/** The time of one run of a contender, in nanoseconds. */
export interface Time {
  readonly wall: number
  /** CPU time of all threads; `undefined` for work so short that reading it would distort the time. */
  readonly cpu: number | undefined
}

/** The median of the rounds, and the extremes. */
export interface Ratio {
  readonly median: number
  readonly range: readonly [number, number]
}

/** The result for one contender; microseconds per unit of work. */
export interface Timing {
  readonly name: string
  readonly recall?: number
  readonly wall: number
  readonly cpu?: number
  /** Speed relative to the first contender. */
  readonly speed: Ratio
  /** CPU time relative to the first contender. */
  readonly cpuShare?: Ratio
}

const SHORT_WORK_ROUNDS = 7
const MILLISECOND = 1e6

/**
 * Times the contenders in alternation over several rounds, and prints the ratio of each to the first.
 *
 * Each ratio is computed within one round, so that load on the machine affects both sides. Every other round runs in
 * reverse order.
 */
export async function compare(comparison: Comparison): Promise<readonly Timing[]> {
  const { title, unit, contenders, longRounds } = comparison
  await checkAnswers(comparison)
  const rounds = SHORT ? 1 : (longRounds ?? SHORT_WORK_ROUNDS)
  const time = longRounds === undefined && !SHORT ? timeShortWork : timeLongWork
  const times = contenders.map((): Time[] => [])
  for (let round = 0; round < rounds; round++) {
    const order = contenders.map((_, i) => i)
    for (const i of round % 2 === 0 ? order : order.reverse()) {
      const { run, timed, cleanUp, units = comparison.units } = contenders[i]!
      const { wall, cpu } = await (timed?.() ?? time(run))
      await cleanUp?.()
      times[i]!.push({
        wall: wall / 1000 / units,
        cpu: cpu === undefined ? undefined : cpu / 1000 / units,
      })
    }
  }
  const timings = contenders.map((one, i) => timing(one, times[i]!, times[0]!))
  print(title, unit, timings)
  record({ title, unit, rounds, timings })
  return timings
}

async function checkAnswers({ title, contenders }: Comparison): Promise<void> {
  const [plain, ...others] = contenders.filter(({ answer }) => answer !== undefined)
  if (plain === undefined) return
  const expected = await plain.answer!()
  for (const { name, answer } of others) {
    assert.deepEqual(await answer!(), expected, `${title}: ${name} and ${plain.name} differ`)
  }
}

/** The number of runs that mitata needs for a steady median. */
async function timeShortWork(run: () => unknown): Promise<Time> {
  const { p50 } = await measure(run, { min_samples: 12, min_cpu_time: 150 * MILLISECOND })
  return { wall: p50, cpu: undefined }
}

/**
 * One run, including deferred work on the event loop. The binding defers much work to finalizers, which would otherwise
 * count for the next contender.
 */
async function timeLongWork(run: () => unknown): Promise<Time> {
  globalThis.gc?.()
  await turn()
  let cpu = 0
  let warm = false
  const once = async (): Promise<void> => {
    // mitata runs each case once before it measures, which would double the time of long work.
    if (warm) {
      const before = process.cpuUsage()
      await run()
      await turn()
      const { user, system } = process.cpuUsage(before)
      cpu = (user + system) * 1000
    }
    warm = true
  }
  const { p50 } = await measure(once, {
    min_samples: 1,
    max_samples: 1,
    warmup_samples: 0,
    gc: false,
  })
  return { wall: p50, cpu }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function timing(
  { name, recall }: Contender,
  times: readonly Time[],
  plain: readonly Time[],
): Timing {
  const result = {
    name,
    ...(recall !== undefined && { recall: rounded(recall) }),
    wall: rounded(median(times.map(({ wall }) => wall))),
    speed: ratio(times.map(({ wall }, round) => plain[round]!.wall / wall)),
  }
  if (times.some(({ cpu }) => cpu === undefined)) return result
  return {
    ...result,
    cpu: rounded(median(times.map(({ cpu }) => cpu!))),
    cpuShare: ratio(times.map(({ cpu }, round) => cpu! / plain[round]!.cpu!)),
  }
}

function ratio(ofRounds: readonly number[]): Ratio {
  const [low, high] = spread(ofRounds)
  return { median: rounded(median(ofRounds)), range: [rounded(low), rounded(high)] }
}

function print(title: string, unit: string, timings: readonly Timing[]): void {
  const width = Math.max(...timings.map(({ name }) => name.length))
  console.log(`\n  ${title}`)
  for (const [i, { name, recall, wall, cpu, speed, cpuShare }] of timings.entries()) {
    const columns = [`    ${name.padEnd(width)} ${String(wall).padStart(9)} µs/${unit}`]
    if (cpu !== undefined) columns.push(`${String(cpu).padStart(6)} µs of CPU`)
    if (i > 0) columns.push(`${written(speed)} times as fast`)
    if (i > 0 && cpuShare !== undefined) columns.push(`${written(cpuShare)} times the CPU`)
    if (recall !== undefined) columns.push(`recall ${recall}`)
    console.log(columns.join('   '))
  }
}

function written({ median: middle, range: [low, high] }: Ratio): string {
  return low === high ? String(middle) : `${middle} (${low} to ${high})`
}
