import type { VectorId, VectorMetric } from '@shardyfusion/core/extend'

/** A vector of a test, with its id and payload. */
export interface SampleRow {
  readonly id: VectorId
  readonly vector: Float32Array
  readonly payload?: unknown
}

/** Rows with integers as ids; every seventh has no payload. */
export function randomRows(count: number, dimensions: number, seed: number): SampleRow[] {
  let state = seed
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  return Array.from({ length: count }, (_, n) => ({
    id: BigInt(n),
    vector: Float32Array.from({ length: dimensions }, () => next() + next() + next() - 1.5),
    payload: n % 7 === 0 ? undefined : { n, text: `né ${n}` },
  }))
}

/** The nearest rows by computing all distances in float64. */
export function nearest(
  rows: readonly SampleRow[],
  query: Float32Array,
  metric: VectorMetric,
  topK: number,
) {
  const all = rows.map((row) => ({ row, usual: usualDistance(metric, row.vector, query) }))
  // Sorting is stable.
  all.sort((a, b) => a.usual - b.usual)
  return all.slice(0, topK)
}

function usualDistance(metric: VectorMetric, a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb, squares] = [0, 0, 0, 0]
  for (let j = 0; j < a.length; j++) {
    dot += a[j]! * b[j]!
    aa += a[j]! ** 2
    bb += b[j]! ** 2
    squares += (a[j]! - b[j]!) ** 2
  }
  if (metric === 'l2') return Math.sqrt(squares)
  return metric === 'dot_product' ? -dot : 1 - dot / Math.sqrt(aa * bb)
}
