// How much memory does an open shard take, and does it grow with the reads from it?
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { buildShard, ENGINES } from './support/data.js'
import { record } from './support/record.js'
import { runChild } from './support/run-child.js'
import { SHORT } from './support/short.js'
import { median, rounded } from './support/statistics.js'
import { withTempDir } from './support/temp-dir.js'

const SHARDS = SHORT ? 5 : 100
const ROUNDS = 1
const SHARD_ROWS = SHORT ? 2000 : 20_000
const GETS = [1, 5000]

interface Opened {
  readonly bytes: number
  readonly cpuMs: number
  readonly wallMs: number
}

await withTempDir(async ({ path, url }) => {
  await buildShard(url('0'), { rows: SHARD_ROWS })
  for (let shard = 1; shard < SHARDS; shard++) {
    await cp(join(path, '0'), join(path, String(shard)), { recursive: true })
  }
  const title = `${SHARDS} shards of ${SHARD_ROWS.toLocaleString('en')} rows of 100 bytes held open, after lookups in each`
  console.log(`\n  ${title}`)
  const results = []
  for (const gets of GETS) {
    const opened = new Map(ENGINES.map((engine) => [engine, [] as Opened[]]))
    for (let round = 0; round < ROUNDS; round++) {
      for (const engine of ENGINES) {
        const args = [url('0'), String(SHARDS), String(gets), String(SHARD_ROWS), engine]
        opened.get(engine)!.push(await runChild<Opened>('open-shards-child', ...args))
      }
    }
    for (const [engine, runs] of opened) {
      const of = (name: keyof Opened): number => rounded(median(runs.map((run) => run[name])))
      const kilobytes = Math.round(of('bytes') / 1000)
      console.log(
        `    ${engine}, ${gets.toLocaleString('en')} lookups: ${kilobytes} KB, ${of('wallMs')} ms, ${of('cpuMs')} ms of processor time each`,
      )
      results.push({ engine, gets, kilobytes, wallMs: of('wallMs'), cpuMs: of('cpuMs') })
    }
  }
  record({ title, rounds: ROUNDS, results })
})
