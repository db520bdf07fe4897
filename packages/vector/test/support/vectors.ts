import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { vectorSums } from '@shardyfusion/test-support/vector-sums'

/** Vectors whose values are about normally distributed. */
export function gaussians(count: number, dimensions: number, seed: number): Float32Array {
  const next = seededRandom(seed)
  const values = new Float32Array(count * dimensions)
  for (let i = 0; i < values.length; i++) {
    values[i] = Math.sqrt(-2 * Math.log(next() || 1e-12)) * Math.cos(2 * Math.PI * next())
  }
  return values
}

/** Vectors around some centres, as real embeddings are. */
export function clustered(
  count: number,
  dimensions: number,
  clusters: number,
  seed: number,
): Float32Array {
  const next = seededRandom(seed)
  const centres = gaussians(clusters, dimensions, seed + 1)
  const noise = gaussians(count, dimensions, seed + 2)
  for (let i = 0; i < count; i++) {
    const c = Math.floor(next() * clusters)
    for (let j = 0; j < dimensions; j++) {
      noise[i * dimensions + j] = 0.5 * noise[i * dimensions + j]! + centres[c * dimensions + j]!
    }
  }
  return noise
}

export type Metric = 'cosine' | 'l2' | 'dot_product'

/** The distance in float64, from the definition. */
function trueDistance(metric: Metric, a: Float32Array, b: Float32Array): number {
  const { dot, lengths, squares } = vectorSums(a, b)
  if (metric === 'l2') return Math.sqrt(squares)
  if (metric === 'dot_product') return -dot
  return lengths === 0 ? 1 : 1 - dot / lengths
}

/** Row numbers and distances of the k nearest rows, by computing all of them. */
export function bruteForce(
  metric: Metric,
  rows: Float32Array,
  query: Float32Array,
  k: number,
): { row: number; distance: number }[] {
  const dimensions = query.length
  const all = Array.from({ length: rows.length / dimensions }, (_, row) => ({
    row,
    distance: trueDistance(metric, rows.subarray(row * dimensions, (row + 1) * dimensions), query),
  }))
  const size = (x: number): number => (Number.isNaN(x) ? Infinity : x)
  all.sort((a, b) => size(a.distance) - size(b.distance) || a.row - b.row)
  return all.slice(0, k)
}
