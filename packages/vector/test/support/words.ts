import assert from 'node:assert/strict'
import { bruteForce, gaussians, type Metric } from './vectors.js'

export const WORD_DIMENSIONS = 12
export const WORD_COUNT = 3000

interface Word {
  readonly id: number
  readonly name: string
  readonly vector: Float32Array
}

/** Rows with keys and vectors, and all vectors one after the other. */
export function words(seed = 1): { rows: Word[]; vectors: Float32Array } {
  const vectors = gaussians(WORD_COUNT, WORD_DIMENSIONS, seed)
  const rows = Array.from({ length: WORD_COUNT }, (_, id) => ({
    id,
    name: `word ${id}`,
    vector: vectors.subarray(id * WORD_DIMENSIONS, (id + 1) * WORD_DIMENSIONS),
  }))
  return { rows, vectors }
}

/** Fails unless a search found the k nearest vectors, of those to keep, with their distances. */
export function matches(
  found: { results: readonly { id: unknown; score: number }[] },
  metric: Metric,
  vectors: Float32Array,
  query: Float32Array,
  k: number,
  keep: (row: number) => boolean = () => true,
): void {
  const want = bruteForce(metric, vectors, query, vectors.length / query.length)
    .filter(({ row }) => keep(row))
    .slice(0, k)
  assert.deepEqual(
    found.results.map(({ id }) => id),
    want.map(({ row }) => BigInt(row)),
  )
  for (const [i, { distance }] of want.entries())
    assert.ok(Math.abs(found.results[i]!.score - distance) < 1e-9)
}
