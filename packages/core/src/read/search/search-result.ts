import type { HitChunk } from '../../chunk/hit-chunk.js'
import { yieldIfDue } from '../../async/yield-if-due.js'
import type { VectorId } from '../../chunk/vector-chunk.js'

/** A vector that a search found. */
export interface SearchHit<T = unknown> {
  /** The id the vector was written with; by default the key of its row. */
  readonly id: VectorId
  /** The distance from the query: a smaller one is nearer. */
  readonly score: number
  /** `undefined` if the vector was written without one. */
  readonly payload: unknown
  readonly shard: number
  /** The value of the row, with `withValues`. */
  readonly value?: T | undefined
}

/** The nearest vectors of one query, nearest first. */
export interface SearchResult<T = unknown> {
  readonly results: SearchHit<T>[]
  /** Number of shards with data that were searched. */
  readonly shardsQueried: number
  /** Duration of the whole call. */
  readonly durationMs: number
}

/** Expands packed hits, query by query; other work of the thread gets its turns. */
export async function expandHits<T>(
  hits: HitChunk,
  facts: { readonly shardsQueried: number; readonly durationMs: number },
  values?: readonly unknown[],
): Promise<SearchResult<T>[]> {
  const all: SearchResult<T>[] = []
  for (let q = 0; q < hits.queries; q++) {
    const results: SearchHit<T>[] = []
    for (let i = hits.start(q); i < hits.end(q); i++) {
      results.push({
        id: hits.id(i),
        score: hits.scores[i]!,
        payload: hits.payload(i),
        shard: hits.shards[i]!,
        ...(values !== undefined && { value: values[i] as T }),
      })
    }
    all.push({ results, ...facts })
    const turn = yieldIfDue()
    if (turn !== undefined) await turn
  }
  return all
}
