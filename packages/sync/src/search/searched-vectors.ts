import type { HitChunk, QueryInput, SearchResult, VectorInput } from '@shardyfusion/core'
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

/** Expands the results of all queries; `decode` makes a value of stored bytes. */
export function expandResults<T>(
  { hits, values, shardsQueried, durationMs }: PackedResults,
  decode: (bytes: Uint8Array) => unknown = (bytes) => bytes,
): SearchResult<T>[] {
  const decoded = values?.map((value) => value && decode(value as Uint8Array))
  return Array.from({ length: (hits as HitChunk).queries }, (_, q) => ({
    results: hitsOfQuery<T>(hits, q, decoded),
    shardsQueried,
    durationMs,
  }))
}
