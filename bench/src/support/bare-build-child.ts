// A simple build with the bare binding (hash, batches, flush), as a separate process for must-hold.bench.ts. Prints one
// line of JSON.
import { type BareDb, openDb, write } from './bare.js'
import { plainShardOf, SHARDS } from './data.js'

const [prefix = '', count = ''] = process.argv.slice(2)

function* ids(): Generator<number> {
  for (let i = 0; i < Number(count); i++) yield i
}

const startedAt = performance.now()
const dbs: BareDb[] = []
// The log is off, because a build does not need it. Otherwise the comparison would measure settings.
const settings = { wal_enabled: false, compactor_options: null }
for (let i = 0; i < SHARDS; i++) dbs.push(await openDb(`${prefix}/${i}`, settings))
await write(
  dbs.map(({ db }) => db),
  ids(),
  plainShardOf,
)
await Promise.all(dbs.map(({ db }) => db.flush_with_options({ flush_type: 'MemTable' })))
for (const db of dbs) await db.close()
const seconds = (performance.now() - startedAt) / 1000
process.stdout.write(`${JSON.stringify({ seconds })}\n`)
