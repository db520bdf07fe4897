import { throwIfAborted } from '../../async/abort.js'
import type { HitChunk } from '../../chunk/hit-chunk.js'
import type { ReaderCounters } from '../../diagnostics/reader-stats.js'
import type { VectorQueries } from '../../engine/vector-engine.js'
import { parseOptions } from '../../options/parse-options.js'
import type { VectorFields } from '../../snapshot/vector-fields.js'
import type { Key, RoutingContext } from '../../types.js'
import type { ValueDecoder } from '../../values/value-decoder.js'
import { type KeyedSnapshot, lookUpMany } from '../lookup/snapshot-lookup.js'
import type { ValueCache } from '../lookup/value-cache.js'
import type { SnapshotSession } from '../session/snapshot-session.js'
import { countedSearch } from './counted-search.js'
import {
  MAX_TOP_K,
  type SearchOptions,
  searchSchema,
  type SnapshotSearchOptions,
  snapshotSearchSchema,
} from './search-options.js'
import { manyQueries, type QueryInput } from './search-queries.js'
import { expandHits, type PackedResults, type SearchResult } from './search-result.js'
import type { FoundHits } from './search-shards.js'
import { keyOfHit } from './key-of-hit.js'
import { requireVectors, searchSnapshot, vectorOfKey } from './snapshot-search.js'

/** Options of a search after parsing. */
type SearchCall = SnapshotSearchOptions & { readonly topK: number }

export interface ReaderSearchOptions {
  readonly decoder: ValueDecoder
  readonly counters: ReaderCounters
  /** Number of shards searched at the same time. */
  readonly concurrency: number
}

/** The searches of a reader: each borrows the open snapshot, and may look up the values of its hits. */
export class ReaderSearch {
  readonly #reader: string
  readonly #session: SnapshotSession<ValueCache | undefined>
  readonly #options: ReaderSearchOptions

  /** `reader` is the name of the class that its caller uses. */
  constructor(
    reader: string,
    session: SnapshotSession<ValueCache | undefined>,
    options: ReaderSearchOptions,
  ) {
    this.#reader = reader
    this.#session = session
    this.#options = options
  }

  /** Searches by queries that are made once the dimensions of the snapshot are known. */
  async find(
    method: string,
    options: SnapshotSearchOptions | undefined,
    queriesFor: (fields: VectorFields, where: string) => VectorQueries,
  ): Promise<PackedResults> {
    const where = `${this.#reader}.${method}`
    this.#session.requireOpen(method)
    const o = parseOptions(snapshotSearchSchema, options, where)
    throwIfAborted(o.signal)
    return this.#session.use(
      async (state) =>
        this.#findIn(
          state,
          queriesFor(requireVectors(state, where), where),
          o as SearchCall,
          where,
        ),
      method,
    )
  }

  /** Returns the hits packed, without values. */
  async chunk(
    method: string,
    queries: QueryInput,
    options: SearchOptions | undefined,
  ): Promise<HitChunk> {
    const where = `${this.#reader}.${method}`
    this.#session.requireOpen(method)
    const o = parseOptions(searchSchema, options, where)
    throwIfAborted(o.signal)
    return this.#session.use(async (state) => {
      const asked = manyQueries(queries, requireVectors(state, where), where)
      return (await this.#search(state, asked, o as SearchCall, where)).hits
    }, method)
  }

  /** Searches by the vector of a row, and leaves the row itself out. */
  async like<T>(
    method: string,
    key: Key,
    options: SnapshotSearchOptions | undefined,
  ): Promise<SearchResult<T>> {
    const where = `${this.#reader}.${method}`
    this.#session.requireOpen(method)
    const { context, ...o } = parseOptions(snapshotSearchSchema, options, where)
    throwIfAborted(o.signal)
    return this.#session.use(async (state) => {
      const { dimensions } = requireVectors(state, where)
      const like = await vectorOfKey(state, key, context as RoutingContext | undefined, where)
      const queries = { values: like.vector, count: 1, dimensions }
      const more = { ...o, topK: Math.min(MAX_TOP_K, o.topK + 1) } as SearchCall
      const [result] = await expandHits<T>(await this.#findIn(state, queries, more, where))
      const { results } = result!
      // LanceDB stores integers as text.
      const ownId = String(like.id)
      const self = results.findIndex(
        ({ id, shard }) => shard === like.shard && String(id) === ownId,
      )
      if (self >= 0) results.splice(self, 1)
      return { ...result!, results: results.slice(0, o.topK) }
    }, method)
  }

  async #findIn(
    state: KeyedSnapshot,
    queries: VectorQueries,
    o: SearchCall,
    where: string,
  ): Promise<PackedResults> {
    const startedAt = performance.now()
    const found = await this.#search(state, queries, o, where)
    let values: unknown[] | undefined
    if (o.withValues) {
      const { hits } = found
      const { keyEncoding } = state.manifest
      const keys = Array.from({ length: hits.count }, (_, i) =>
        keyOfHit(hits.id(i), keyEncoding, where),
      )
      const { context, signal } = o
      const { decoder, concurrency } = this.#options
      values = await lookUpMany(state, keys, decoder, where, { context, signal, concurrency })
    }
    return { ...found, values, durationMs: performance.now() - startedAt }
  }

  #search(
    state: KeyedSnapshot,
    queries: VectorQueries,
    o: SearchCall,
    where: string,
  ): Promise<FoundHits> {
    const { counters, concurrency } = this.#options
    const { prefix } = this.#session
    const search = { prefix, reader: this.#reader, queries: queries.count, topK: o.topK }
    return countedSearch(search, state, counters, () =>
      searchSnapshot(state, queries, o, concurrency, where),
    )
  }
}
