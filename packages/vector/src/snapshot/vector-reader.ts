// Long because half of it documents the public methods, which need the same private state.

import type {
  HitChunk,
  QueryInput,
  ReaderHealth,
  ReaderStats,
  RoutingContext,
  SearchOptions,
  SearchResult,
  ShardDetail,
  SnapshotInfo,
  VectorInput,
  VectorMetric,
} from '@shardyfusion/core'
import {
  type SessionOptions,
  type SessionSnapshot,
  type SignalOption,
  SnapshotSession,
  type VectorQueries,
} from '@shardyfusion/core/extend'
import {
  countedSearch,
  describeValue,
  engineSearchOptions,
  expandHits,
  integer,
  invalidOption,
  manifestError,
  manyQueries,
  oneQuery,
  packedSearch,
  type PackedResults,
  parseOptions,
  ReaderCounters,
  requireNames,
  requireShards,
  sessionOptionsSchema,
  searchEntries,
  searchShards,
  throwIfAborted,
  vectorFields,
  withJson,
} from '@shardyfusion/core/internal-vector'
import * as v from 'valibot'
import { readVectorSharding, type VectorSharding } from './vector-sharding.js'

/** Options of a `VectorReader`. */
export interface VectorReaderOptions extends SessionOptions {
  /** Number of shards that a search reads at a time; 32 by default. */
  concurrency?: number | undefined
}

/** Options of a search. */
export interface VectorSearchOptions extends SearchOptions {
  /**
   * Number of shards to search for each query, the nearest first, or `'all'`; by default as the writer
   * chose. For snapshots sharded by cluster or LSH.
   */
  probes?: number | 'all' | undefined
}

const NAME = 'VectorReader'
const KNOWN = [...Object.keys(sessionOptionsSchema.entries), 'concurrency']
const probesSchema = v.optional(
  v.union(
    [v.literal('all'), integer(1, 'shards')],
    "must be a whole number of 1 or more (shards), or 'all'",
  ),
)
const searchSchema = v.strictObject({ ...searchEntries, probes: probesSchema })
const routeSchema = v.strictObject({ probes: probesSchema })
const concurrencySchema = v.strictObject({ concurrency: v.optional(integer(1, 'shards'), 32) })

type Call = VectorSearchOptions & { readonly topK: number }
type Snapshot = SessionSnapshot<VectorSharding>

/**
 * Searches a snapshot of vectors without keys, which `writeVectors` or the Python project wrote.
 *
 * Shards open at first use, at most `maxOpenShards` at a time. Every call sees one whole snapshot. Errors:
 * SHARD_NOT_FOUND if nothing is published below `prefix`, SHARD_MANIFEST if the manifest, centroids or hyperplanes
 * cannot be read; after `close()` SHARD_CLOSED.
 *
 * @example
 * await using reader = await VectorReader.open({ prefix: 'file:///data/docs' })
 * const { results } = await reader.search(query, { topK: 5, probes: 2 })
 */
export class VectorReader implements AsyncDisposable {
  readonly #session: SnapshotSession<VectorSharding>
  readonly #concurrency: number
  readonly #counters: ReaderCounters
  /** Closes it and releases what it holds. Idempotent. */
  readonly close: () => Promise<void>

  private constructor(
    session: SnapshotSession<VectorSharding>,
    concurrency: number,
    counters: ReaderCounters,
  ) {
    this.#session = session
    this.#concurrency = concurrency
    this.#counters = counters
    this.close = session.close
  }

  /** Opens a snapshot of vectors. */
  static async open(options: VectorReaderOptions): Promise<VectorReader> {
    requireNames(options, KNOWN, `${NAME}.open`)
    const { concurrency: given, ...rest } = options ?? {}
    const { concurrency } = parseOptions(concurrencySchema, { concurrency: given }, `${NAME}.open`)
    const counters = new ReaderCounters()
    const session = await SnapshotSession.open<VectorSharding>(rest, {
      name: NAME,
      counters,
      check: requireVectorOnly,
      attach: (manifest, _engine, place) => readVectorSharding(manifest, place),
    })
    return new VectorReader(session, concurrency, counters)
  }

  /**
   * Finds the vectors nearest to a query, nearest first, in the shards that are nearest to it.
   *
   * Within a shard the answer is exact unless the shard has an index; `probes: 'all'` with `exact: true` finds the
   * truly nearest of all. Errors: SHARD_INVALID_VALUE for a query that does not fit; SHARD_INVALID_OPTION for
   * `probes` where shards are not chosen by vectors.
   */
  async search(vector: VectorInput, options?: VectorSearchOptions): Promise<SearchResult> {
    const where = `${NAME}.search`
    const found = await this.#find((one) => oneQuery(vector, one, where), options, where)
    const [result] = await expandHits(found)
    return result!
  }

  /** The same for many queries at once: each shard is read once, for the queries that are near it. */
  async searchMany(queries: QueryInput, options?: VectorSearchOptions): Promise<SearchResult[]> {
    return expandHits(await this[packedSearch]('searchMany', queries, options))
  }

  /** @internal */
  [packedSearch](
    method: string,
    queries: QueryInput,
    options?: VectorSearchOptions,
  ): Promise<PackedResults> {
    const where = `${NAME}.${method}`
    return this.#find((all) => manyQueries(queries, all, where), options, where)
  }

  /** The same as one packed buffer, for pipelines and other threads. */
  async searchChunk(queries: QueryInput, options?: VectorSearchOptions): Promise<HitChunk> {
    return (await this[packedSearch]('searchChunk', queries, options)).hits
  }

  /** Returns the shards that a search for the vector would ask, the nearest first; reads nothing. */
  route(vector: VectorInput, options?: Pick<VectorSearchOptions, 'probes'>): number[] {
    const where = `${NAME}.route`
    this.#session.requireOpen('route')
    const { probes } = parseOptions(routeSchema, options, where)
    const { extra } = this.#session.snapshot
    const { values } = oneQuery(vector, extra, where)
    if (extra.byVector === undefined) throw notByVector(extra, 'route', where)
    const { byVector } = extra
    if (probes !== 'all') return byVector.probe(values, probesOf(probes, extra))
    // LSH reaches some shards by no change of one bit; they come last.
    const shards = Array.from({ length: byVector.shards }, (_, shard) => shard)
    return Array.from(new Set([...byVector.probe(values, byVector.shards), ...shards]))
  }

  /** Returns facts about the open snapshot and its vectors; reads nothing. */
  info(): SnapshotInfo & VectorSnapshotFacts {
    const { strategy, dimensions, metric, totalVectors, probes } = this.#session.snapshot.extra
    const facts = { strategy, dimensions, metric, totalVectors, probes }
    return withJson({ ...this.#session.info(), ...facts })
  }

  /** Returns one entry per shard, including empty ones; reads nothing. */
  shards(): ShardDetail[] {
    return this.#session.shards()
  }

  /** See `SnapshotReader.health`. */
  health(options?: { stalenessThresholdMs?: number | undefined }): ReaderHealth {
    return this.#session.health(options)
  }

  /** Returns the counts of this reader since it was opened; see `SnapshotReader.stats`. */
  stats(): ReaderStats {
    return this.#session.stats()
  }

  /**
   * Moves to the snapshot that `_CURRENT` names; resolves to true if it was another one. If that cannot be read, the
   * old one stays and the error is thrown. See `SnapshotReader.refresh`.
   */
  refresh(options?: SignalOption): Promise<boolean> {
    return this.#session.refresh(options)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #find(
    queriesFor: (sharding: VectorSharding) => VectorQueries,
    given: VectorSearchOptions | undefined,
    where: string,
  ): Promise<PackedResults> {
    const startedAt = performance.now()
    const method = where.slice(NAME.length + 1)
    this.#session.requireOpen(method)
    const o = parseOptions(searchSchema, given, where) as Call
    throwIfAborted(o.signal)
    return this.#session.use(async (state) => {
      const queries = queriesFor(state.extra)
      const plan = planOf(state, queries, o, where)
      const options = await engineSearchOptions(o, where)
      const how = { ...plan, concurrency: this.#concurrency }
      const { prefix } = this.#session
      const search = { prefix, reader: NAME, queries: queries.count, topK: o.topK }
      const found = await countedSearch(search, state, this.#counters, () =>
        searchShards(state, queries, where, options, how),
      )
      return { ...found, durationMs: performance.now() - startedAt }
    }, method)
  }
}

/** Facts about the vectors of a snapshot. */
export interface VectorSnapshotFacts {
  /** How vectors are distributed over shards. */
  readonly strategy: 'cluster' | 'lsh' | 'explicit' | 'cel'
  /** Numbers in a vector. */
  readonly dimensions: number
  /** How the distance of two vectors is measured. */
  readonly metric: VectorMetric
  /** Vectors of all shards. */
  readonly totalVectors: number
  /** Number of shards that a search asks by default. */
  readonly probes: number
}

/** The shards of all queries, and for each query its own among them. */
function planOf(
  { manifest, extra }: Snapshot,
  queries: VectorQueries,
  { shards, context, probes }: Call,
  where: string,
): { shards: readonly number[]; routes?: number[][] } {
  const named = [shards, context, probes].filter((one) => one !== undefined).length
  if (named > 1)
    throw invalidOption(
      where,
      'of shards, context and probes only one may be given; each chooses the shards',
    )
  if (probes !== undefined && extra.byVector === undefined)
    throw notByVector(extra, 'probes', where)
  if (shards !== undefined) return { shards: requireShards(manifest, shards, where) }
  if (context !== undefined) return { shards: [shardOfContext(extra, context, where)] }
  const all = manifest.entries.map(({ id }) => id)
  const { byVector } = extra
  if (byVector === undefined || probes === 'all') return { shards: all }
  const { values, count, dimensions } = queries
  const most = probesOf(probes, extra)
  const routes = Array.from({ length: count }, (_, q) =>
    byVector.probe(values.subarray(q * dimensions, (q + 1) * dimensions), most),
  )
  return { shards: all, routes }
}

function probesOf(probes: number | undefined, { byVector, probes: usual }: VectorSharding): number {
  return Math.min(byVector?.shards ?? 1, probes ?? usual)
}

function shardOfContext(extra: VectorSharding, context: RoutingContext, where: string): number {
  if (extra.byContext !== undefined) return extra.byContext(context)
  throw invalidOption(
    where,
    `context is for snapshots sharded by a CEL expression; this one is sharded by ${extra.strategy}`,
  )
}

function notByVector({ strategy }: VectorSharding, option: string, where: string): Error {
  return invalidOption(
    where,
    `${option} needs a snapshot sharded by cluster or lsh, whose shards are chosen by vectors; this one is sharded by ${strategy}` +
      (strategy === 'cel' ? ': pass a context' : ': pass shards'),
    { details: { strategy } },
  )
}

/** Errors: SHARD_MANIFEST for a snapshot of keys. */
function requireVectorOnly(manifest: Parameters<typeof vectorFields>[0], where: string): void {
  const fields = vectorFields(manifest, where)
  const run = describeValue(manifest.runId)
  if (fields === undefined) {
    throw manifestError(where, `run ${run} has no vectors; open it with SnapshotReader`, {
      peer: 'ReaderStateError',
    })
  }
  if (!fields.unified) return
  throw manifestError(
    where,
    `the rows of run ${run} have keys as well as vectors; open it with SnapshotReader, which has search`,
    { peer: 'ConfigValidationError' },
  )
}
