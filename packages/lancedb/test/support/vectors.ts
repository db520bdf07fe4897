import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { vectorSums } from '@shardyfusion/test-support/vector-sums'

/** Vectors around some centres, as real embeddings are. */
export function vectorsOf(count: number, dimensions: number, seed: number): Float32Array[] {
  const next = seededRandom(seed)
  const some = (): number => next() + next() + next() - 1.5
  const centres = Array.from({ length: 12 }, () => Array.from({ length: dimensions }, some))
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor(next() * centres.length)]!
    return Float32Array.from(centre, (value) => value + 0.5 * some())
  })
}

export type Metric = 'cosine' | 'l2' | 'dot_product'

/** LanceDB's distance in float64, from the definition. */
function lanceDistance(metric: Metric, a: Float32Array, b: Float32Array): number {
  const { dot, lengths, squares } = vectorSums(a, b)
  if (metric === 'l2') return squares
  return metric === 'dot_product' ? 1 - dot : 1 - dot / lengths
}

/** Numbers of the k nearest vectors and their distances, by computing all of them. */
export function nearest(
  metric: Metric,
  vectors: readonly Float32Array[],
  query: Float32Array,
  k: number,
): { row: number; distance: number }[] {
  const all = vectors.map((vector, row) => ({
    row,
    distance: lanceDistance(metric, vector, query),
  }))
  return all.sort((a, b) => a.distance - b.distance).slice(0, k)
}
