import type { VectorQueries } from '@shardyfusion/core/extend'
import { yieldIfDue } from '@shardyfusion/core/internal-vector'
import type { BestRows } from '../kernel/batch.js'
import type { CodeBlock, CodedLists, Kernel, Metric, RowBlock } from '../kernel/kernel.js'
import { ListSearcher } from './list-searcher.js'

/** Candidates for each hit, whose exact distances decide. */
const CANDIDATES_PER_HIT = 4

export interface IvfParts {
  readonly dimensions: number
  readonly metric: Metric
  readonly centroids: Float32Array
  /** Row numbers in the order of the lists. */
  readonly rows: Uint32Array
}

/** Bytes that an index of this size takes in memory. */
export function ivfBytes(count: number, dimensions: number, lists: number): number {
  return count * (dimensions + 12) + lists * (dimensions + 20)
}

/**
 * An inverted-file index in memory: rows as 8-bit codes, in lists by their nearest centroid.
 *
 * A search looks into the lists nearest to the query, and computes exact distances of the best candidates.
 */
export class IvfIndex {
  readonly #kernel: Kernel
  readonly #metric: Metric
  readonly #rows: Uint32Array
  readonly #lists: CodedLists
  #searcher: ListSearcher | undefined

  /** `start` makes it ready. */
  constructor(kernel: Kernel, { dimensions, metric, centroids, rows }: IvfParts) {
    this.#kernel = kernel
    this.#metric = metric
    this.#rows = rows
    const lists = centroids.length / dimensions
    this.#lists = {
      rows: reserveCodes(kernel, rows.length, dimensions),
      starts: kernel.reserve(4 * Math.max(4, lists + 1)),
      centroids: codesOfCentroids(kernel, centroids, dimensions, metric),
      dimensions,
    }
  }

  get lists(): number {
    return this.#lists.centroids.count
  }

  /** The codes of the rows, in the order of the lists. */
  get codes(): CodeBlock {
    return this.#lists.rows
  }

  /** Takes the first code of each list, and the end of the last, once the codes are complete. */
  start(starts: Uint32Array): void {
    this.#lists.starts.words().set(starts)
  }

  /** The position of each row in the order of the lists. */
  positions(): Uint32Array {
    const places = new Uint32Array(this.#rows.length)
    for (const [position, row] of this.#rows.entries()) places[row] = position
    return places
  }

  /** All lists, the nearest to a query first. */
  rank(query: Float32Array): Uint32Array {
    return this.#search().rank(query)
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
    const { rows, starts, centroids } = this.#lists
    for (const { codes, biases, factors } of [rows, centroids])
      for (const region of [codes, biases, factors]) this.#kernel.release(region)
    this.#kernel.release(starts)
    this.#searcher?.release()
    this.#searcher = undefined
  }

  #search(): ListSearcher {
    this.#searcher ??= new ListSearcher(this.#kernel, this.#lists, this.#metric)
    return this.#searcher
  }

  #one(
    query: Float32Array,
    blocks: readonly RowBlock[],
    { topK, lists, rowsPerBlock }: { topK: number; lists: number; rowsPerBlock: number },
  ): BestRows {
    const kernel = this.#kernel
    const metric = this.#metric
    const searcher = this.#search()
    const capacity = Math.min(this.#rows.length, topK * CANDIDATES_PER_HIT)
    const places = searcher.candidates(query, Math.min(lists, this.lists), capacity)
    const rows = new Uint32Array(places.length)
    const distances = new Float64Array(places.length)
    for (let i = 0; i < places.length; i++) {
      const row = this.#rows[places[i]!]!
      const at = Math.floor(row / rowsPerBlock)
      const within = row - at * rowsPerBlock
      rows[i] = row
      distances[i] = kernel.distance(blocks[at]!, within, searcher.query, query.length, metric)
    }
    searcher.trim()
    return nearest(rows, distances, topK, metric)
  }
}

function nearest(
  rows: Uint32Array,
  distances: Float64Array,
  topK: number,
  metric: Metric,
): BestRows {
  const order = Array.from(rows, (_, i) => i)
  order.sort((a, b) => distances[a]! - distances[b]! || rows[a]! - rows[b]!)
  if (order.length > topK) order.length = topK
  return {
    rows: Uint32Array.from(order, (i) => rows[i]!),
    distances: Float64Array.from(order, (i) =>
      metric === 'l2' ? Math.sqrt(distances[i]!) : distances[i]!,
    ),
  }
}

function reserveCodes(kernel: Kernel, count: number, dimensions: number): CodeBlock {
  return {
    codes: kernel.reserve(Math.max(16, count * dimensions)),
    biases: kernel.reserve(4 * Math.max(4, count)),
    factors: kernel.reserve(4 * Math.max(4, count)),
    count,
  }
}

function codesOfCentroids(
  kernel: Kernel,
  centroids: Float32Array,
  dimensions: number,
  metric: Metric,
): CodeBlock {
  const count = centroids.length / dimensions
  const block = reserveCodes(kernel, count, dimensions)
  const rows = kernel.reserve(4 * Math.max(4, centroids.length))
  rows.floats().set(centroids)
  // The scales are in the place of the factors first.
  kernel.quantize(rows, 0, count, dimensions, block.codes, block.factors)
  kernel.release(rows)
  const [biases, factors] = [block.biases.floats(), block.factors.floats()]
  for (let c = 0; c < count; c++) {
    let square = 0
    for (let j = c * dimensions; j < (c + 1) * dimensions; j++)
      square += centroids[j]! * centroids[j]!
    const isCosine = metric === 'cosine'
    const scale = factors[c]!
    biases[c] = isCosine ? 1 : square
    factors[c] = isCosine ? (square === 0 ? 0 : -scale / Math.sqrt(square)) : -2 * scale
  }
  return block
}
