/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Vectors whose values are about normally distributed. */
export function gaussians(count: number, dimensions: number, seed: number): Float32Array {
  const next = seeded(seed)
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
  const next = seeded(seed)
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
  let [dot, aa, bb, squares] = [0, 0, 0, 0]
  for (let j = 0; j < a.length; j++) {
    dot += a[j]! * b[j]!
    aa += a[j]! ** 2
    bb += b[j]! ** 2
    squares += (a[j]! - b[j]!) ** 2
  }
  if (metric === 'l2') return Math.sqrt(squares)
  if (metric === 'dot_product') return -dot
  return aa === 0 || bb === 0 ? 1 : 1 - dot / Math.sqrt(aa * bb)
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
