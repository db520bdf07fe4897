// How fast does a Parquet file become a snapshot, compared with the same rows from memory? Two columns of ten are used.
import { parquetWriteFile } from 'hyparquet-writer'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { nameOf } from './support/parquet-rows.js'
import { record } from './support/record.js'
import { runChild } from './support/run-child.js'
import { SHORT } from './support/short.js'
import { median, rounded } from './support/statistics.js'
import { withTempDir } from './support/temp-dir.js'
import { holdTo } from './support/verdict.js'

const ROWS = SHORT ? 5_000 : 1_000_000
const ROUNDS = SHORT ? 1 : 5
const GROUP_ROWS = 131_072

interface Build {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakBytes: number
}

await withTempDir(async ({ path, url }) => {
  const file = join(path, 'rows.parquet')
  writeRows(file)
  const builds: Record<'memory' | 'parquet', Build[]> = { memory: [], parquet: [] }
  // In turn, so that other work on the machine slows both.
  for (let round = 0; round < ROUNDS; round++) {
    for (const source of ['memory', 'parquet'] as const) {
      const args = [source, file, String(ROWS), url('snapshot')]
      builds[source].push(await runChild<Build>('parquet-build-child', ...args))
      rmSync(join(path, 'snapshot'), { recursive: true, force: true })
    }
  }
  console.log(`\n  a snapshot of ${ROWS.toLocaleString('en')} rows, in a separate process`)
  for (const [source, all] of Object.entries(builds)) {
    const seconds = median(all.map((build) => build.seconds))
    const cpuSeconds = median(all.map((build) => build.cpuSeconds))
    const peakMB = median(all.map(({ peakBytes }) => peakBytes)) / 1e6
    console.log(
      `    from ${source}: ${rounded(seconds)} s, ${rounded(cpuSeconds)} s of processor time, ${rounded(peakMB)} MB`,
    )
    record({ build: source, rows: ROWS, seconds, cpuSeconds, peakMB })
  }
  const ratios = builds.memory.map(({ seconds }, i) => seconds / builds.parquet[i]!.seconds)
  const what = 'rate from a Parquet file, of that from memory'
  holdTo({ what, value: median(ratios), unit: 'times', atLeast: 0.6 })
})

function writeRows(filename: string): void {
  const numbers = Array.from({ length: ROWS }, (_, i) => i)
  const others = Array.from({ length: 8 }, (_, column) => ({
    name: `other${column}`,
    data:
      column % 2 === 0
        ? numbers.map((i) => Math.sin(i + column))
        : numbers.map((i) => `text ${i % 1000}`),
    type: column % 2 === 0 ? ('DOUBLE' as const) : ('STRING' as const),
  }))
  parquetWriteFile({
    filename,
    columnData: [
      { name: 'id', data: numbers.map(BigInt), type: 'INT64' },
      { name: 'name', data: numbers.map(nameOf), type: 'STRING' },
      ...others,
    ],
    rowGroupSize: GROUP_ROWS,
  })
}
