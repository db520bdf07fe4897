import type { VectorQueries } from '@shardyfusion/core/extend'
import { yieldIfDue } from '@shardyfusion/core/internal-vector'
import { Batch, type BestRows } from '../kernel/batch.js'
import type { CodeBlock, Kernel, Metric, RowBlock } from '../kernel/kernel.js'

/** Candidates for each hit, whose exact distances decide. */
const CANDIDATES_PER_HIT = 4

export interface IvfParts {
  readonly dimensions: number
  readonly metric: Metric
  readonly centroids: Float32Array
  /** The first code of each list, and the end of the last. */
  readonly starts: Uint32Array
  /** Row numbers in the order of the lists. */
  readonly rows: Uint32Array
}

/** Bytes that an index of this size takes in memory. */
export function ivfBytes(count: number, dimensions: number, lists: number): number {
  return count * (dimensions + 12) + lists * (4 * dimensions + 8)
}

/**
 * An inverted-file index in memory: rows as 8-bit codes, in lists by their nearest centroid.
 *
 * A search looks into the lists nearest to the query, and computes exact distances of the best candidates.
 */
export class IvfIndex {
  readonly #kernel: Kernel
  readonly #parts: IvfParts
  readonly #centroids: RowBlock
  readonly codes: CodeBlock

  constructor(kernel: Kernel, parts: IvfParts) {
    this.#kernel = kernel
    this.#parts = parts
    const { centroids, dimensions, rows } = parts
    const lists = centroids.length / dimensions
    const block = kernel.reserve(4 * Math.max(4, centroids.length))
    block.floats().set(centroids)
    const inverseNorms = kernel.reserve(4 * Math.max(4, lists))
    const longest = kernel.inverseNorms(block, lists, dimensions, inverseNorms)
    this.#centroids = { rows: block, inverseNorms, count: lists, first: 0, longest }
    this.codes = {
      codes: kernel.reserve(Math.max(16, rows.length * dimensions)),
      biases: kernel.reserve(4 * Math.max(4, rows.length)),
      factors: kernel.reserve(4 * Math.max(4, rows.length)),
      count: rows.length,
      first: 0,
    }
  }

  get lists(): number {
    return this.#centroids.count
  }

  /** The position of each row in the order of the lists. */
  positions(): Uint32Array {
    const { rows } = this.#parts
    const places = new Uint32Array(rows.length)
    for (const [position, row] of rows.entries()) places[row] = position
    return places
  }

  /** `blocks` have the exact rows, `rowsPerBlock` each but the last. */
  async search(
    queries: VectorQueries,
    blocks: readonly RowBlock[],
    o: { topK: number; lists: number; rowsPerBlock: number; signal?: AbortSignal | undefined },
  ): Promise<BestRows[]> {
    const found: BestRows[] = []
    const { values, count, dimensions } = queries
    for (let q = 0; q < count; q++) {
      found.push(this.#one(values.subarray(q * dimensions, (q + 1) * dimensions), blocks, o))
      const turn = yieldIfDue()
      if (turn === undefined) continue
      await turn
      o.signal?.throwIfAborted()
    }
    return found
  }

  release(): void {
    const { rows, inverseNorms } = this.#centroids
    const { codes, biases, factors } = this.codes
    for (const region of [rows, inverseNorms, codes, biases, factors]) this.#kernel.release(region)
  }

  #one(
    query: Float32Array,
    blocks: readonly RowBlock[],
    { topK, lists, rowsPerBlock }: { topK: number; lists: number; rowsPerBlock: number },
  ): BestRows {
    const kernel = this.#kernel
    const { dimensions, metric, starts, rows } = this.#parts
    const nearest = new Batch(kernel, query, { dimensions, metric, capacity: lists })
    const capacity = Math.min(rows.length, topK * CANDIDATES_PER_HIT)
    const best = new Batch(kernel, query, { dimensions, metric, capacity })
    const narrow = kernel.reserve(Math.max(16, dimensions))
    const scale = kernel.reserve(16)
    const wide = kernel.reserve(Math.max(16, 2 * dimensions))
    try {
      const { count } = this.#centroids
      kernel.scan(this.#centroids, nearest, {
        rowStart: 0,
        rowEnd: count,
        queryStart: 0,
        queryEnd: 1,
      })
      kernel.quantize(nearest.queries, 0, 1, dimensions, narrow, scale)
      widen(narrow.bytesView(), wide.bytesView(), dimensions)
      const norm = metric === 'cosine' ? nearest.inverseNorms.floats()[0]! : 1
      const coded = { codes: wide, factor: scale.floats()[0]! * norm }
      for (const list of nearest.best(0).rows)
        kernel.scanCodes(this.codes, starts[list]!, starts[list + 1]!, coded, best)
      const candidates = best.best(0).rows
      return exactOrder(candidates, topK, metric, (position) => {
        const row = rows[position]!
        const at = Math.floor(row / rowsPerBlock)
        const distance = kernel.distance(blocks[at]!, row - at * rowsPerBlock, best, 0)
        return [row, distance] as const
      })
    } finally {
      nearest.release()
      best.release()
      for (const region of [narrow, scale, wide]) kernel.release(region)
    }
  }
}

function widen(narrow: Uint8Array, wide: Uint8Array, dimensions: number): void {
  const from = new Int8Array(narrow.buffer, narrow.byteOffset, dimensions)
  new Int16Array(wide.buffer, wide.byteOffset, dimensions).set(from)
}

function exactOrder(
  candidates: Uint32Array,
  topK: number,
  metric: Metric,
  measure: (position: number) => readonly [row: number, distance: number],
): BestRows {
  const measured = Array.from(candidates, measure)
  measured.sort(([rowA, a], [rowB, b]) => a - b || rowA - rowB)
  const kept = measured.slice(0, topK)
  return {
    rows: Uint32Array.from(kept, ([row]) => row),
    distances: Float64Array.from(kept, ([, d]) => (metric === 'l2' ? Math.sqrt(d) : d)),
  }
}
