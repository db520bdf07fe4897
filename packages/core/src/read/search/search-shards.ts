import pLimit from 'p-limit'
import { HitChunk, type PackedHit } from '../../chunk/hit-chunk.js'
import { vectorInstallCommand } from '../../engine/choose-engine.js'
import type { EngineReader } from '../../engine/engine.js'
import type {
  EngineSearchOptions,
  ShardHits,
  VectorQueries,
  VectorRows,
} from '../../engine/vector-engine.js'
import type { ShardyfusionError } from '../../errors.js'
import { invalidOption } from '../../errors/error-factories.js'
import { describeValue } from '../../options/describe-value.js'
import { orAbort } from '../../async/abort.js'
import { yieldIfDue } from '../../async/yield-if-due.js'
import type { SessionSnapshot } from '../session/session-hooks.js'

export interface ShardsToSearch {
  /** Ids in the order in which hits of equal distance come; empty shards are skipped. */
  readonly shards: readonly number[]
  /** For each query the positions in `shards` that it searches; all of them if omitted. */
  readonly routes?: readonly (readonly number[])[] | undefined
  /** Number of shards to search at a time. */
  readonly concurrency: number
}

/** Packed results and how many shards were searched. */
export interface FoundHits {
  readonly hits: HitChunk
  readonly shardsQueried: number
}

/**
 * Finds the nearest vectors of some shards, for many queries in one call of each shard.
 *
 * Hits of equal distance are in the order of the shards, and of one shard in the order in which they
 * were written.
 */
export async function searchShards(
  state: SessionSnapshot<unknown>,
  queries: VectorQueries,
  where: string,
  options: EngineSearchOptions,
  { shards, routes, concurrency }: ShardsToSearch,
): Promise<FoundHits> {
  const limit = pLimit(concurrency)
  const positions = shards.flatMap((shard, i) =>
    state.manifest.entries[shard]!.url === undefined ? [] : [i],
  )
  const searchOne = async (position: number): Promise<Part | undefined> => {
    const shard = shards[position]!
    const mine = routes?.flatMap((route, q) => (route.includes(position) ? [q] : []))
    if (mine?.length === 0) return undefined
    const asked =
      mine === undefined || mine.length === queries.count ? queries : pick(queries, mine)
    const found = await state.use(shard, (reader) => searchOf(reader, state, where)(asked, options))
    return { shard, queries: mine, found }
  }
  const searching = Promise.all(positions.map((position) => limit(() => searchOne(position))))
  const parts = await orAbort(searching, options.signal)
  const searched = parts.filter((part) => part !== undefined)
  const picks = merge(searched, queries.count, options.topK)
  const hits = await orAbort(describeHits(state, searched, picks), options.signal)
  return { hits, shardsQueried: new Set(searched.map(({ shard }) => shard)).size }
}

/** The hits of one shard, for some of the queries. */
interface Part {
  readonly shard: number
  /** Numbers of the queries; all of them if `undefined`. */
  readonly queries: readonly number[] | undefined
  readonly found: ShardHits
}

/** One hit of the result: the part it comes from, and its number there. */
interface Chosen {
  readonly part: number
  readonly hit: number
}

function merge(parts: readonly Part[], queries: number, topK: number): Chosen[][] {
  const picks: Chosen[][] = Array.from({ length: queries }, () => [])
  for (const [part, { queries: mine, found }] of parts.entries()) {
    let hit = 0
    for (const [i, count] of found.counts.entries()) {
      const query = mine === undefined ? i : mine[i]!
      for (let n = 0; n < count; n++) picks[query]!.push({ part, hit: hit++ })
    }
  }
  const score = ({ part, hit }: Chosen): number => parts[part]!.found.scores[hit]!
  for (const [q, all] of picks.entries()) {
    // Hits of one shard are in order already, and sorting is stable.
    if (parts.length > 1) all.sort((a, b) => compare(score(a), score(b)))
    picks[q] = all.slice(0, topK)
  }
  return picks
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Reads ids and payloads of the hits that made it, once for each shard. */
async function describeHits(
  state: SessionSnapshot<unknown>,
  parts: readonly Part[],
  picks: readonly (readonly Chosen[])[],
): Promise<HitChunk> {
  const wanted = parts.map(() => new Map<number, number>())
  for (const { part, hit } of picks.flat()) {
    const rows = wanted[part]!
    const row = parts[part]!.found.rows[hit]!
    if (!rows.has(row)) rows.set(row, rows.size)
  }
  const reading = parts.map(({ shard }, i): Promise<VectorRows> => {
    const rows = Float64Array.from(wanted[i]!.keys())
    if (rows.length === 0) return Promise.resolve({ ids: [], payloads: [] })
    return state.use(shard, (reader) => reader.vectorRows!(rows))
  })
  const described = await Promise.all(reading)
  const results: PackedHit[][] = []
  for (const found of picks) {
    const packed = found.map(({ part, hit }): PackedHit => {
      const { shard, found: hits } = parts[part]!
      const at = wanted[part]!.get(hits.rows[hit]!)!
      const { ids, payloads } = described[part]!
      return { id: ids[at]!, payload: payloads[at], score: hits.scores[hit]!, shard }
    })
    results.push(packed)
    const turn = yieldIfDue()
    if (turn !== undefined) await turn
  }
  return HitChunk.pack(results)
}

function pick({ values, dimensions }: VectorQueries, numbers: readonly number[]): VectorQueries {
  const picked = new Float32Array(numbers.length * dimensions)
  for (const [i, q] of numbers.entries())
    picked.set(values.subarray(q * dimensions, (q + 1) * dimensions), i * dimensions)
  return { values: picked, count: numbers.length, dimensions }
}

function searchOf(
  reader: EngineReader,
  state: SessionSnapshot<unknown>,
  where: string,
): NonNullable<EngineReader['search']> {
  if (reader.search === undefined) throw cannotSearch(state, where)
  return reader.search.bind(reader)
}

/** The error for a snapshot whose engine cannot search. */
export function cannotSearch(
  { engine, manifest }: Pick<SessionSnapshot<unknown>, 'engine' | 'manifest'>,
  where: string,
): ShardyfusionError {
  const command = vectorInstallCommand(manifest)
  if (command !== undefined) {
    return invalidOption(
      where,
      `the vectors of run ${describeValue(manifest.runId)} are in LanceDB, which engine "${engine.name}" cannot search; ` +
        `install the package for it (${command}), import it, and leave engine out`,
      { details: { engine: engine.name, runId: manifest.runId, format: 'lancedb' } },
    )
  }
  return invalidOption(
    where,
    `run ${describeValue(manifest.runId)} cannot be searched with engine "${engine.name}"; build it with the option ` +
      'vector and engine: sqliteVec() of @shardyfusion/vector, or open it with the engine that stored its vectors',
    { details: { engine: engine.name, runId: manifest.runId } },
  )
}
