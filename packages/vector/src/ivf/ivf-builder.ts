import type { VectorSettings } from '@shardyfusion/core/extend'
import type { SqliteFileWriter, SqlValue } from 'sqlite-file'
import type { Kernel, RowBlock } from '../kernel/kernel.js'
import { loadKernel } from '../kernel/load-kernel.js'
import type { IndexBuilder } from '../sqlite-vec/index-builder.js'
import { IvfIndex } from './ivf-index.js'
import { fillCodes, listsOf, writeIvf } from './ivf-tables.js'
import { CentroidSums } from './centroid-sums.js'
import { ListTree } from './list-tree.js'
import { measureLists } from './measure-lists.js'
import { trainLists } from './train-lists.js'

/** Below this many rows of a shard, computing all distances is fast enough, and finds all. */
const AUTO_ROWS = 150_000
/** Bytes of vectors that a shard may have for an index to be made: they stay in memory until the seal. */
const MAX_HELD_BYTES = 1 << 30
const MAX_LISTS = 4096
/** More lists have fewer rows to scan for the same recall, and more centroids to compare. */
const LISTS_PER_ROOT = 4
const SEED = 42

/** Makes an inverted-file index of the vectors of one shard when it is sealed. */
export class IvfBuilder implements IndexBuilder {
  readonly #settings: VectorSettings
  /** Number of lists; about four times the root of the number of rows if omitted. */
  readonly #lists: number | undefined
  #held: { block: Float32Array; rows: number }[] | undefined = []
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
    this.#held.push({ block, rows })
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
      for (const { block, rows } of held.splice(0)) {
        blocks.push(place(kernel, block.subarray(0, rows * dimensions), rows, dimensions, first))
        first += rows
      }
      const lists = Math.min(
        this.#count,
        this.#lists ?? Math.round(LISTS_PER_ROOT * Math.sqrt(this.#count)),
        MAX_LISTS,
      )
      const { centroids, listOf } = await this.#assign(kernel, blocks, lists)
      const { starts, rows } = listsOf(listOf, lists)
      const parts = { dimensions, metric, centroids, starts, rows }
      index = new IvfIndex(kernel, parts)
      await fillCodes(kernel, index.codes, parts, blocks)
      index.start(starts)
      const curves = await measureLists(kernel, index, {
        dimensions,
        metric,
        blocks,
        listOf,
        count: this.#count,
        rowsPerBlock: this.#rowsPerBlock,
        vectorOf: (row) => this.#row(blocks, row),
      })
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

  /** Finds the list of each row, and the centroids of the lists. */
  async #assign(
    kernel: Kernel,
    blocks: readonly RowBlock[],
    lists: number,
  ): Promise<{ readonly centroids: Float32Array; readonly listOf: Uint32Array }> {
    const { dimensions, metric } = this.#settings
    const spherical = metric === 'cosine'
    const found = await trainLists(kernel, {
      dimensions,
      lists,
      spherical,
      count: this.#count,
      seed: SEED,
      gather: (rows, into) => {
        const values = into.floats()
        for (const [i, row] of rows.entries()) values.set(this.#row(blocks, row), i * dimensions)
      },
    })
    const listOf = new Uint32Array(this.#count)
    const tree = new ListTree(kernel, found, { dimensions, spherical })
    const words = 4 * Math.max(4, this.#rowsPerBlock)
    const codes = kernel.reserve(Math.max(16, this.#rowsPerBlock * dimensions))
    const [scales, assigned] = [kernel.reserve(words), kernel.reserve(words)]
    const sums = new CentroidSums(kernel, lists, dimensions)
    try {
      for (const { rows, count, first, inverseNorms } of blocks) {
        kernel.quantize(rows, 0, count, dimensions, codes, scales)
        await tree.assign({ codes, scales, start: 0, count, dimensions }, assigned)
        listOf.set(assigned.words().subarray(0, count), first)
        const weights = spherical ? inverseNorms : undefined
        sums.add({ rows, assigned, weights, start: 0, count })
      }
      // The means of all rows are better centroids than those of the sample.
      sums.writeMeans(found.centroids, spherical)
      return { centroids: found.centroids, listOf }
    } finally {
      tree.release()
      sums.release()
      for (const region of [codes, scales, assigned]) kernel.release(region)
    }
  }

  #row(blocks: readonly RowBlock[], row: number): Float32Array {
    const { dimensions } = this.#settings
    const at = Math.floor(row / this.#rowsPerBlock)
    const start = (row - at * this.#rowsPerBlock) * dimensions
    return blocks[at]!.rows.floats().subarray(start, start + dimensions)
  }
}

function place(
  kernel: Kernel,
  values: Float32Array,
  count: number,
  dimensions: number,
  first: number,
): RowBlock {
  const rows = kernel.reserve(Math.max(16, values.byteLength))
  rows.floats().set(values)
  const inverseNorms = kernel.reserve(4 * Math.max(4, count))
  const longest = kernel.inverseNorms(rows, count, dimensions, inverseNorms)
  return { rows, inverseNorms, count, first, longest }
}
