// Does a build of ten times the rows need more memory? Minutes long, so it runs only when asked for:
//
//   npm run bench -- memory-build [--rows=1000000,10000000] [--shards=8]
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { record } from './support/record.js'
import { runChild } from './support/run-child.js'
import { SHORT } from './support/short.js'
import { rounded } from './support/statistics.js'
import { withTempDir } from './support/temp-dir.js'

/** What the peak of the largest build may be, in peaks of the smallest. */
const TARGET = 1.3

interface Build {
  readonly rows: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakBytes: number
  readonly storedBytes: number
  /** Resident memory on the way, at equal steps of the rows. */
  readonly residentMB: readonly number[]
}

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: SHORT ? '50000,200000' : '1000000,10000000' },
    shards: { type: 'string', default: '8' },
  },
})
const counts = values.rows.split(',').map(Number)
for (const n of [...counts, Number(values.shards)]) {
  assert.ok(Number.isSafeInteger(n) && n > 0, `--rows and --shards take whole numbers, got ${n}`)
}

await withTempDir(async ({ path, url }) => {
  console.log(`\n  snapshots of ${values.shards} shards, 8-byte keys, 100-byte values`)
  const builds: Build[] = []
  for (const count of counts) {
    const build = await runChild<Build>(
      'build-child',
      url('snapshot'),
      String(count),
      values.shards,
    )
    assert.equal(build.rows, count)
    rmSync(join(path, 'snapshot'), { recursive: true, force: true })
    builds.push(build)
    const { rows, seconds, cpuSeconds, peakBytes, storedBytes } = build
    console.log(
      `    ${rows.toLocaleString('en').padStart(11)} rows: peak ${(peakBytes / 1e6).toFixed(0)} MB resident, ` +
        `${Math.round(rows / seconds)} rows/s, ${((cpuSeconds * 1e6) / rows).toFixed(1)} µs of CPU a row, ` +
        `${(storedBytes / 1e6).toFixed(1)} MB stored (${(storedBytes / rows / 108).toFixed(2)} of the rows' bytes)`,
    )
  }
  const peaks = builds.map(({ peakBytes }) => peakBytes)
  const ratio = rounded(peaks.at(-1)! / peaks[0]!)
  const verdict = ratio <= TARGET ? 'held' : 'missed'
  console.log(
    `    peak of the last is ${ratio} times that of the first; at most ${TARGET}: ${SHORT ? 'too short to say' : verdict}`,
  )
  record({
    title: 'memory of a build',
    shards: Number(values.shards),
    target: TARGET,
    ratio,
    builds,
  })
  if (!SHORT && ratio > TARGET) process.exitCode = 1
})
