// Does a build of ten times the rows need more memory? It takes minutes, so it runs only when named:
//
//   npm run bench -- memory-build [--rows=1000000,10000000] [--shards=8] [--engine=wasm,native]
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ENGINES } from './support/data.js'
import { record } from './support/record.js'
import { runChild } from './support/run-child.js'
import { SHORT } from './support/short.js'
import { rounded } from './support/statistics.js'
import { withTempDir } from './support/temp-dir.js'

/** The highest allowed ratio of the largest build's peak to the smallest's. */
const TARGET = 1.3

interface Build {
  readonly rows: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakBytes: number
  readonly storedBytes: number
  /** Resident memory during the build, at equal steps of the rows. */
  readonly residentMB: readonly number[]
}

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: SHORT ? '50000,200000' : '1000000,10000000' },
    shards: { type: 'string', default: '8' },
    engine: { type: 'string', default: ENGINES.join(',') },
  },
})
const counts = values.rows.split(',').map(Number)
for (const n of [...counts, Number(values.shards)]) {
  assert.ok(
    Number.isSafeInteger(n) && n > 0,
    `--rows and --shards must be integers of 1 or more, got ${n}`,
  )
}

await withTempDir(async ({ path, url }) => {
  for (const engine of values.engine.split(',')) {
    console.log(`\n  snapshots of ${values.shards} shards, 8-byte keys, 100-byte values, ${engine}`)
    const builds: Build[] = []
    for (const count of counts) {
      const args = [url('snapshot'), String(count), values.shards, engine]
      const build = await runChild<Build>('build-child', ...args)
      assert.equal(build.rows, count)
      rmSync(join(path, 'snapshot'), { recursive: true, force: true })
      builds.push(build)
      console.log(`    ${describe(build)}`)
    }
    const peaks = builds.map(({ peakBytes }) => peakBytes)
    const ratio = rounded(peaks.at(-1)! / peaks[0]!)
    const held = ratio <= TARGET
    const verdict = SHORT ? 'short run, no verdict' : held ? 'held' : 'missed'
    console.log(
      `    the last peak is ${ratio} times the first; the target is ${TARGET} at most: ${verdict}`,
    )
    record({
      title: 'memory of a build',
      engine,
      shards: Number(values.shards),
      target: TARGET,
      ratio,
      builds,
    })
    if (!SHORT && !held) process.exitCode = 1
  }
})

function describe({ rows, seconds, cpuSeconds, peakBytes, storedBytes }: Build): string {
  const facts = [
    `${rows.toLocaleString('en').padStart(11)} rows: peak ${(peakBytes / 1e6).toFixed(0)} MB resident`,
    `${Math.round(rows / seconds).toLocaleString('en')} rows/s`,
    `${((cpuSeconds * 1e6) / rows).toFixed(1)} µs of CPU a row`,
    `${(storedBytes / 1e6).toFixed(1)} MB stored`,
  ]
  return facts.join(', ')
}
