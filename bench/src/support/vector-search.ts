import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { DatabaseSync } from '@photostructure/sqlite'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { setVectorCacheBudget, sqliteVec } from '@shardyfusion/vector'
import { getLoadablePath } from 'sqlite-vec'
import type { Contender, Timing } from './compare.js'
import { SHORT } from './short.js'
import { type Peer, recallOf } from './vector-peers.js'
import { holdTo } from './verdict.js'

export const QUERIES = SHORT ? 4 : 32
export const TOP_K = 10

setVectorCacheBudget(2 ** 30)
const installed = process.env['BENCH_PEERS']
/** Loads packages from the folder of the peers, if there is one. */
export const load =
  installed === undefined ? undefined : createRequire(join(installed, 'package.json'))
/** Where the indexes of the peers stay for the next run. */
export const INDEXES = join(installed ?? '', 'indexes')

/** The nearest rows of each query, by computing all distances. */
export function truthOf(
  reader: SnapshotReader,
  queries: readonly Float32Array[],
): Promise<number[][]> {
  return Promise.all(
    queries.map(async (query) => idsOf(await reader.search(query, { topK: TOP_K, exact: true }))),
  )
}

/** Searches for all queries, and how much they find. */
export async function contenders(
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
export function holdAgainst(
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

/** Writes a snapshot of one shard and opens it. */
export async function built(
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

/** Vectors for the snapshot, and others of the same kind as queries. */
export function split(vectors: Float32Array, dimensions: number, most: number) {
  const total = vectors.length / dimensions
  const count = Math.min(most, total - QUERIES)
  const step = Math.floor((total - count) / QUERIES)
  const queries = Array.from({ length: QUERIES }, (_, q) => {
    const at = (count + q * step) * dimensions
    return vectors.slice(at, at + dimensions)
  })
  return { base: vectors.subarray(0, count * dimensions), queries }
}

/** The ids of hits as numbers. */
export function idsOf({ results }: { results: readonly { id: unknown }[] }): number[] {
  return results.map(({ id }) => Number(id))
}

/** The extension on the file that was written here. */
export function sqliteVecPeer(reader: SnapshotReader) {
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
export function plainLoop(base: Float32Array, query: Float32Array): number[] {
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
