// How long does an update of 1 % of all keys take, compared with the build of the whole table, and with how much memory?
import { runChild } from './support/run-child.js'
import { SHORT } from './support/short.js'
import { withTempDir } from './support/temp-dir.js'
import { holdTo } from './support/verdict.js'

const ROWS = SHORT ? 20_000 : 10_000_000
const SHARDS = 64
const EVERY = 100
const ROUNDS = SHORT ? 1 : 3
const MAX_RATIO = 0.5
/** The two processes have the same limits; their peaks differ by what the garbage collector happens to leave. */
const MAX_MEMORY_RATIO = 1.15

interface Measured {
  readonly rowCount: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakBytes: number
}

/** The median by time. */
function median(measured: readonly Measured[]): Measured {
  return measured.toSorted((a, b) => a.seconds - b.seconds)[measured.length >> 1]!
}

function describe(name: string, { seconds, cpuSeconds, peakBytes }: Measured): void {
  const perRow = ((seconds * 1e6) / ROWS).toFixed(2)
  console.log(
    `    ${name}: ${seconds.toFixed(2)} s, ${perRow} µs a row, ${cpuSeconds.toFixed(2)} s of processor time, ` +
      `peak ${Math.round(peakBytes / 1e6)} MB`,
  )
}

await withTempDir(async ({ url }) => {
  const args = [url('snapshot'), String(ROWS), String(SHARDS), String(EVERY)]
  const builds: Measured[] = []
  const updates: Measured[] = []
  for (let round = 0; round < ROUNDS; round++) {
    builds.push(await runChild<Measured>('update-child', 'build', ...args))
    updates.push(await runChild<Measured>('update-child', 'update', ...args))
  }
  for (const { rowCount } of [...builds, ...updates])
    if (rowCount !== ROWS) throw new Error(`${rowCount} rows instead of ${ROWS}`)
  const [build, update] = [median(builds), median(updates)]
  console.log(`  ${ROWS} rows in ${SHARDS} shards, 1 % of all keys replaced`)
  describe('build', build)
  describe('update', update)
  holdTo({
    what: 'an update of 1 % of all keys, of the time of a build',
    value: update.seconds / build.seconds,
    unit: 'times',
    atMost: MAX_RATIO,
  })
  holdTo({
    what: 'peak memory of an update, of that of a build',
    value: update.peakBytes / build.peakBytes,
    unit: 'times',
    atMost: MAX_MEMORY_RATIO,
  })
})
