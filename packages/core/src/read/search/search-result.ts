import type { HitChunk } from '../../chunk/hit-chunk.js'
import { yieldIfDue } from '../../async/yield-if-due.js'
import { withJson } from '../../text/json-form.js'
import type { VectorId } from '../../chunk/vector-chunk.js'

/** A vector that a search found. */
export interface SearchHit<T = unknown> {
  /** The id the vector was written with; by default the key of its row. */
  readonly id: VectorId
  /** The distance from the query: a smaller one is nearer. */
  readonly score: number
  /** `undefined` if the vector was written without one. */
  readonly payload: unknown
  /** Number of the shard of the vector. */
  readonly shard: number
  /** The value of the row, with `withValues`. */
  readonly value?: T | undefined
}

/** The nearest vectors of one query, nearest first. */
export interface SearchResult<T = unknown> {
  /** The hits, nearest first. */
  readonly results: SearchHit<T>[]
  /** Number of shards with data that were searched. */
  readonly shardsQueried: number
  /** Duration of the whole call. */
  readonly durationMs: number
}

/** A method of readers: a search whose hits stay packed, for other threads. */
export const packedSearch: unique symbol = Symbol('packedSearch')

/** The results of all queries of one call. */
export interface PackedResults {
  /** The hits of all queries. */
  readonly hits: HitChunk
  /** The values of the hits' rows, with `withValues`. */
  readonly values?: readonly unknown[] | undefined
  /** Shards that were searched. */
  readonly shardsQueried: number
  /** Milliseconds it took. */
  readonly durationMs: number
}

/** Expands the hits of one query. */
export function hitsOfQuery<T>(
  hits: HitChunk,
  query: number,
  values?: readonly unknown[],
): SearchHit<T>[] {
  const results: SearchHit<T>[] = []
  for (let i = hits.start(query); i < hits.end(query); i++) {
    const hit = {
      id: hits.id(i),
      score: hits.scores[i]!,
      payload: hits.payload(i),
      shard: hits.shards[i]!,
      ...(values !== undefined && { value: values[i] as T }),
    }
    results.push(withJson(hit))
  }
  return results
}

/** Expands packed hits, query by query; other work of the thread gets its turns. */
export async function expandHits<T>({
  hits,
  values,
  ...facts
}: PackedResults): Promise<SearchResult<T>[]> {
  const all: SearchResult<T>[] = []
  for (let q = 0; q < hits.queries; q++) {
    all.push({ results: hitsOfQuery<T>(hits, q, values), ...facts })
    const turn = yieldIfDue()
    if (turn !== undefined) await turn
  }
  return all
}
