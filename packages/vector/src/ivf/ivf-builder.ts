import type { VectorSettings } from '@shardyfusion/core/extend'
import type { SqliteFileWriter, SqlValue } from 'sqlite-file'
import type { Kernel, RowBlock } from '../kernel/kernel.js'
import { loadKernel } from '../kernel/load-kernel.js'
import { seededRandom } from '../kmeans/random.js'
import { assignPoints, normalize, trainCentroids } from '../kmeans/train-centroids.js'
import { exactSearch } from '../search/exact-search.js'
import type { IndexBuilder } from '../sqlite-vec/index-builder.js'
import { IvfIndex } from './ivf-index.js'
import { fillCodes, listsOf, writeIvf } from './ivf-tables.js'
import type { RecallCurve } from './recall-curve.js'

/** Below this many rows of a shard, computing all distances is fast enough, and finds all. */
const AUTO_ROWS = 150_000
/** Bytes of vectors that a shard may have for an index to be made: they stay in memory until the seal. */
const MAX_HELD_BYTES = 1 << 30
const MAX_LISTS = 4096
const POINTS_PER_LIST = 40
const LEAST_POINTS = 16_384
const ITERATIONS = 6
const SEED = 42
const MEASURED_QUERIES = 100
/** Numbers of hits that recall is measured for. */
const MEASURED_HITS = [10, 100]
/** Measuring more lists ends when this share is found. */
const ENOUGH = 0.995

/** Makes an inverted-file index of the vectors of one shard when it is sealed. */
export class IvfBuilder implements IndexBuilder {
  readonly #settings: VectorSettings
  /** Number of lists; about the root of the number of rows if omitted. */
  readonly #lists: number | undefined
  #held: { bytes: Float32Array; rows: number }[] | undefined = []
  #count = 0
  #rowsPerBlock = 0

  constructor(settings: VectorSettings, lists: number | undefined) {
    this.#settings = settings
    this.#lists = lists
  }

  add(block: Float32Array, rows: number): void {
    this.#count += rows
    if (this.#held === undefined) return
    const { dimensions } = this.#settings
    this.#rowsPerBlock ||= rows
    this.#held.push({ bytes: block.slice(0, rows * dimensions), rows })
    if (4 * this.#count * dimensions > MAX_HELD_BYTES) this.#held = undefined
  }

  async finish(file: SqliteFileWriter): Promise<readonly (readonly [string, SqlValue])[]> {
    const held = this.#held
    this.#held = undefined
    const isWorthIt = this.#lists !== undefined || this.#count >= AUTO_ROWS
    if (held === undefined || !isWorthIt || this.#count === 0) return []
    const kernel = await loadKernel()
    const blocks: RowBlock[] = []
    const { dimensions, metric } = this.#settings
    let index: IvfIndex | undefined
    try {
      let first = 0
      for (const { bytes, rows } of held.splice(0)) {
        blocks.push(place(kernel, bytes, rows, dimensions, first))
        first += rows
      }
      const lists = Math.min(
        this.#count,
        this.#lists ?? Math.round(Math.sqrt(this.#count)),
        MAX_LISTS,
      )
      const centroids = await this.#train(kernel, blocks, lists)
      const assigned = await this.#assign(kernel, blocks, centroids)
      const { starts, rows } = listsOf(assigned, centroids.length / dimensions)
      const parts = { dimensions, metric, centroids, starts, rows }
      index = new IvfIndex(kernel, parts)
      await fillCodes(kernel, index.codes, parts, blocks, this.#rowsPerBlock)
      const curves = await this.#measure(kernel, index, blocks)
      return await writeIvf(file, parts, index.codes, curves)
    } finally {
      index?.release()
      for (const { rows, inverseNorms } of blocks) {
        kernel.release(rows)
        kernel.release(inverseNorms)
      }
    }
  }

  release(): void {
    this.#held = undefined
  }

  async #train(kernel: Kernel, blocks: readonly RowBlock[], lists: number): Promise<Float32Array> {
    const { dimensions, metric } = this.#settings
    const count = Math.min(this.#count, Math.max(POINTS_PER_LIST * lists, LEAST_POINTS))
    const random = seededRandom(SEED)
    const points = new Float32Array(count * dimensions)
    for (let i = 0; i < count; i++) {
      const row = count === this.#count ? i : Math.floor(random() * this.#count)
      points.set(this.#row(blocks, row), i * dimensions)
    }
    const spherical = metric === 'cosine'
    if (spherical) normalize(points, dimensions)
    const training = { dimensions, clusters: lists, spherical, iterations: ITERATIONS, seed: SEED }
    return trainCentroids(kernel, points, training)
  }

  async #assign(
    kernel: Kernel,
    blocks: readonly RowBlock[],
    centroids: Float32Array,
  ): Promise<Uint32Array> {
    const { dimensions, metric } = this.#settings
    const assigned = new Uint32Array(this.#count)
    const out = kernel.reserve(4 * Math.max(4, this.#rowsPerBlock))
    try {
      for (const { rows, count, first } of blocks) {
        const points = { rows, start: 0, count, dimensions }
        await assignPoints(kernel, points, centroids, { spherical: metric === 'cosine' }, out)
        assigned.set(out.words().subarray(0, count), first)
      }
      return assigned
    } finally {
      kernel.release(out)
    }
  }

  /** Searches for rows of the shard, each without itself, with more and more lists. */
  async #measure(
    kernel: Kernel,
    index: IvfIndex,
    blocks: readonly RowBlock[],
  ): Promise<RecallCurve[]> {
    const { dimensions, metric } = this.#settings
    const count = Math.min(MEASURED_QUERIES, this.#count)
    const values = new Float32Array(count * dimensions)
    const own = Uint32Array.from({ length: count }, (_, q) => Math.floor((q * this.#count) / count))
    for (const [q, row] of own.entries()) values.set(this.#row(blocks, row), q * dimensions)
    const queries = { values, count, dimensions }
    const most = Math.min(this.#count, MEASURED_HITS.at(-1)! + 1)
    const truth = await exactSearch(kernel, inMemory(blocks), queries, { metric, capacity: most })
    const curves: RecallCurve[] = []
    for (const topK of MEASURED_HITS) {
      const points: [number, number][] = []
      for (let lists = 1; lists <= index.lists; lists *= 2) {
        const o = { topK: topK + 1, lists, rowsPerBlock: this.#rowsPerBlock }
        const found = await index.search(queries, blocks, o)
        let hits = 0
        let wanted = 0
        for (const [q, { rows }] of found.entries()) {
          const nearest = new Set(without(truth[q]!.rows, own[q]!).slice(0, topK))
          wanted += nearest.size
          for (const row of without(rows, own[q]!).slice(0, topK)) if (nearest.has(row)) hits++
        }
        const recall = wanted === 0 ? 1 : hits / wanted
        points.push([lists, Math.floor(recall * 1e4) / 1e4])
        if (recall >= ENOUGH) break
      }
      curves.push({ topK, points })
    }
    return curves
  }

  #row(blocks: readonly RowBlock[], row: number): Float32Array {
    const { dimensions } = this.#settings
    const at = Math.floor(row / this.#rowsPerBlock)
    const start = (row - at * this.#rowsPerBlock) * dimensions
    return blocks[at]!.rows.floats().subarray(start, start + dimensions)
  }
}

function without(rows: Uint32Array, row: number): Uint32Array {
  return rows.filter((other) => other !== row)
}

function inMemory(blocks: readonly RowBlock[]): Parameters<typeof exactSearch>[1] {
  return {
    use: (work) => work(),
    each: async (_signal, visit) => {
      for (const block of blocks) await visit(block)
    },
  }
}

function place(
  kernel: Kernel,
  bytes: Float32Array,
  count: number,
  dimensions: number,
  first: number,
): RowBlock {
  const rows = kernel.reserve(Math.max(16, bytes.byteLength))
  rows.floats().set(bytes)
  const inverseNorms = kernel.reserve(4 * Math.max(4, count))
  const longest = kernel.inverseNorms(rows, count, dimensions, inverseNorms)
  return { rows, inverseNorms, count, first, longest }
}
