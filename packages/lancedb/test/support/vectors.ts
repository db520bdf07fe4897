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

/** Vectors around some centres, as real embeddings are. */
export function vectorsOf(count: number, dimensions: number, seed: number): Float32Array[] {
  const next = seeded(seed)
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
  let [dot, aa, bb, squares] = [0, 0, 0, 0]
  for (let j = 0; j < a.length; j++) {
    dot += a[j]! * b[j]!
    aa += a[j]! ** 2
    bb += b[j]! ** 2
    squares += (a[j]! - b[j]!) ** 2
  }
  if (metric === 'l2') return squares
  return metric === 'dot_product' ? 1 - dot : 1 - dot / Math.sqrt(aa * bb)
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
