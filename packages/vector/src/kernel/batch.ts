import { BoundingQuery } from './bounding-query.js'
import { type Kernel, type Metric, METRIC_CODES, type Region } from './kernel.js'

/** The best rows of one query, nearest first. */
export interface BestRows {
  readonly distances: Float64Array
  readonly rows: Uint32Array
}

/** Error of a sum of n products in float32, in relation to the product of the lengths; with a margin of two. */
function roundingError(dimensions: number): number {
  return (dimensions / 8 + 16) * 2 ** -23
}

/** Queries that are searched together, and the best rows found so far for each. */
export class Batch {
  readonly count: number
  readonly dimensions: number
  readonly metric: Metric
  readonly metricCode: number
  /** Number of rows to find for each query. */
  readonly capacity: number
  readonly queries: Region
  readonly inverseNorms: Region
  readonly distances: Region
  readonly rows: Region
  readonly lens: Region
  readonly slacks: Region
  readonly relativeSlack: number
  readonly #kernel: Kernel
  readonly #longestQuery: number
  #longest = 0
  #bounding: BoundingQuery | undefined

  constructor(
    kernel: Kernel,
    queries: Float32Array,
    { dimensions, metric, capacity }: { dimensions: number; metric: Metric; capacity: number },
  ) {
    this.#kernel = kernel
    this.count = queries.length / dimensions
    this.dimensions = dimensions
    this.metric = metric
    this.metricCode = METRIC_CODES[metric]
    this.capacity = capacity
    const { count } = this
    const cells = Math.max(1, count * capacity)
    this.queries = kernel.reserve(4 * Math.max(4, queries.length))
    this.inverseNorms = kernel.reserve(4 * Math.max(4, count))
    this.slacks = kernel.reserve(4 * Math.max(4, count))
    this.lens = kernel.reserve(4 * Math.max(4, count))
    this.distances = kernel.reserve(8 * cells)
    this.rows = kernel.reserve(4 * cells)
    this.queries.floats().set(queries)
    this.lens.words().fill(0)
    this.#longestQuery = kernel.inverseNorms(this.queries, count, dimensions, this.inverseNorms)
    const error = roundingError(dimensions)
    this.relativeSlack = metric === 'l2' ? error : 0
    this.slacks.floats().fill(metric === 'cosine' ? error : 1e-30)
  }

  /** Before a scan: the rows of the next block have at most this length. */
  expectLongest(longest: number): void {
    if (this.metric !== 'dot_product' || longest <= this.#longest) return
    this.#longest = longest
    this.slacks.floats().fill(roundingError(this.dimensions) * this.#longestQuery * longest)
  }

  /** The query as codes, with which a scan skips rows; `undefined` for several queries: four are read together. */
  boundingQuery(): BoundingQuery | undefined {
    if (this.count !== 1) return undefined
    this.#bounding ??= new BoundingQuery(this.#kernel, this.queries.floats(), this)
    return this.#bounding.hasBounds ? this.#bounding : undefined
  }

  /** Number of rows found for a query. */
  found(query: number): number {
    return this.lens.words()[query]!
  }

  /** Forgets the rows found, for another search with the same queries. */
  reset(): void {
    this.lens.words().fill(0)
  }

  /** The rows of one query, nearest first; of equal distances the lower row first. L2 is the root. */
  best(query: number): BestRows {
    const found = this.found(query)
    const at = query * this.capacity
    const distances = this.distances.doubles().subarray(at, at + found)
    const rows = this.rows.words().subarray(at, at + found)
    const order = Array.from({ length: found }, (_, i) => i)
    order.sort((a, b) => distances[a]! - distances[b]! || rows[a]! - rows[b]!)
    const isL2 = this.metric === 'l2'
    return {
      distances: Float64Array.from(order, (i) => (isL2 ? Math.sqrt(distances[i]!) : distances[i]!)),
      rows: Uint32Array.from(order, (i) => rows[i]!),
    }
  }

  release(): void {
    const { queries, inverseNorms, slacks, lens, distances, rows } = this
    for (const region of [queries, inverseNorms, slacks, lens, distances, rows])
      this.#kernel.release(region)
    this.#bounding?.release()
  }
}
