import type { HitChunk, QueryInput, SearchResult, VectorId, VectorInput } from '@shardyfusion/core'
import { hitsOfQuery, manyQueries, oneQuery } from '@shardyfusion/core/internal'
import type { PackedResults } from '@shardyfusion/core/internal'

/** The facts by which queries are checked in the thread of the caller. */
export interface QueryFacts {
  readonly dimensions: number
  readonly metric: string
}

/** The values of all queries of a call, in a new buffer, because buffers cross threads whole. */
export function queryValues(
  queries: VectorInput | QueryInput,
  isOne: boolean,
  facts: QueryFacts,
  where: string,
): Float32Array {
  const checked = isOne
    ? oneQuery(queries as VectorInput, facts, where)
    : manyQueries(queries as QueryInput, facts, where)
  return checked.values
}

/** Expands the results of all queries; `decode` makes a value of stored bytes and the id of its vector. */
export function expandResults<T>(
  { hits, values, shardsQueried, durationMs }: PackedResults,
  decode: (bytes: Uint8Array, id: VectorId) => unknown = (bytes) => bytes,
): SearchResult<T>[] {
  const chunk = hits as HitChunk
  const decoded = values?.map((value, i) => value && decode(value as Uint8Array, chunk.id(i)))
  return Array.from({ length: chunk.queries }, (_, q) => ({
    results: hitsOfQuery<T>(chunk, q, decoded),
    shardsQueried,
    durationMs,
  }))
}
