// One build or one update of a snapshot, started by update.bench.ts in a separate process, because peak memory is a
// property of the process. Prints one line of JSON.
import { SnapshotUpdater, writeSnapshot } from '@shardyfusion/core'
import { peakMemory } from './memory.js'
import { rows, valueOf } from './rows.js'

const [what = '', prefix = '', count = '', shards = '', every = ''] = process.argv.slice(2)
const total = Number(count)

async function build(): Promise<number> {
  const { rowCount } = await writeSnapshot(rows(total), {
    prefix,
    sharding: { shards: Number(shards) },
  })
  return rowCount
}

/** Replaces one key of `every`: some in each shard. */
async function update(): Promise<number> {
  const updater = await SnapshotUpdater.open({ prefix })
  for (let i = 0; i < total; i += Number(every)) {
    const wait = updater.putSync(i, valueOf(i + 1))
    if (wait !== undefined) await wait
  }
  const { rowCount, rows: effects } = await updater.publish()
  if (effects.replaced !== Math.ceil(total / Number(every)))
    throw new Error('not all were replaced')
  return rowCount
}

const startedAt = performance.now()
const rowCount = await (what === 'build' ? build() : update())
const seconds = (performance.now() - startedAt) / 1000
const { user, system } = process.cpuUsage()
const result = { rowCount, seconds, cpuSeconds: (user + system) / 1e6, peakBytes: peakMemory() }
process.stdout.write(`${JSON.stringify(result)}\n`)
