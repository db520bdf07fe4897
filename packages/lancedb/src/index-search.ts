import type { Table } from '@lancedb/lancedb'
import type { ShardHits, VectorMetric, VectorQueries } from '@shardyfusion/core/extend'
import { type GoodIndex, LANCE_METRICS } from './index-facts.js'

/** Queries that LanceDB answers at a time; it uses all processors for each. */
const CONCURRENCY = 4

export interface IndexSearch {
  readonly index: GoodIndex
  readonly metric: VectorMetric
  readonly topK: number
  readonly nprobes: number
  readonly maxDistance: number
}

/** Hits of one query. */
type Found = readonly { readonly score: number; readonly row: number }[]

/** Searches by an index; `undefined` if it found fewer than there are, so that all vectors have to be searched. */
export async function searchIndex(
  table: Table,
  queries: VectorQueries,
  options: IndexSearch,
): Promise<ShardHits | undefined> {
  const { values, count, dimensions } = queries
  const found: Found[] = []
  for (let start = 0; start < count; start += CONCURRENCY) {
    const numbers = Array.from(
      { length: Math.min(CONCURRENCY, count - start) },
      (_, i) => start + i,
    )
    const searching = numbers.map((q) =>
      searchOne(table, values.slice(q * dimensions, (q + 1) * dimensions), options),
    )
    found.push(...(await Promise.all(searching)))
  }
  if (found.some((hits) => hits.length < options.topK)) return undefined
  const near = found.map((hits) => hits.filter(({ score }) => score <= options.maxDistance))
  return {
    counts: Uint32Array.from(near, (hits) => hits.length),
    scores: Float64Array.from(near.flat(), ({ score }) => score),
    rows: Float64Array.from(near.flat(), ({ row }) => row),
  }
}

async function searchOne(
  table: Table,
  query: Float32Array,
  { index, metric, topK, nprobes }: IndexSearch,
): Promise<Found> {
  let search = table.vectorSearch(query).distanceType(LANCE_METRICS[metric]).nprobes(nprobes)
  // Without it, cosine distances of such an index are doubled, and those of all are approximate.
  if (index.refine !== undefined) search = search.refineFactor(index.refine)
  const result = await search.limit(topK).withRowId().select(['_distance']).toArrow()
  const scores = result.getChild('_distance')
  const rows = result.getChild('_rowid')
  const hits = Array.from({ length: result.numRows }, (_, i) => {
    const score = Number(scores?.get(i))
    // Rounding makes distances of equal vectors negative.
    return {
      score: metric === 'dot_product' ? score : Math.max(0, score),
      row: Number(rows?.get(i)),
    }
  })
  return hits.sort((a, b) => a.score - b.score || a.row - b.row)
}
