import type { Table } from '@lancedb/lancedb'
import { isFloat32Array } from '@shardyfusion/core/internal-vector'
import type { BlockSource } from '@shardyfusion/vector/internal'
import { damagedDataset, translated } from './dataset-error.js'
import { RowRuns } from './row-runs.js'

/** The vectors of a table as blocks of rows, in the order in which they were written. */
export class VectorScan implements BlockSource {
  readonly dimensions: number
  readonly count: number
  readonly #table: Table
  readonly #url: string
  #runs: RowRuns | undefined

  constructor(table: Table, url: string, dimensions: number, count: number) {
    this.#table = table
    this.#url = url
    this.dimensions = dimensions
    this.count = count
  }

  /** True once `idAt` knows the rows. */
  get isRead(): boolean {
    return this.#runs !== undefined
  }

  /** LanceDB's number of a row, by its place; after a scan. */
  idAt(place: number): number {
    return this.#runs!.idAt(place)
  }

  async *read(
    signal: AbortSignal | undefined,
    take: (block: { first: number; count: number; bytes: Uint8Array }) => void,
  ): AsyncGenerator<void> {
    const runs = new RowRuns()
    const batches = this.#table.query().select(['vector']).withRowId()[Symbol.asyncIterator]()
    for (;;) {
      signal?.throwIfAborted()
      const { done, value: batch } = await translated(this.#url, () => batches.next())
      if (done === true) break
      const first = runs.count
      const rows = batch.numRows
      if (rows === 0) continue
      const values = this.#valuesOf(batch.getChild('vector')?.data, rows)
      const ids = batch.getChild('_rowid')
      for (let i = 0; i < rows; i++) runs.add(Number(ids?.get(i)))
      if (runs.count > this.count) break
      take({
        first,
        count: rows,
        bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      })
      yield
    }
    if (runs.count !== this.count) {
      throw damagedDataset(
        this.#url,
        `it must have ${this.count} vectors, as its manifest says, got ${runs.count > this.count ? 'more' : runs.count}`,
      )
    }
    this.#runs = runs
  }

  #valuesOf(data: readonly ArrowData[] | undefined, rows: number): Float32Array {
    const [list, ...others] = data ?? []
    const child = list?.children[0]
    const values: unknown = child?.values
    const isWhole = others.length === 0 && list?.nullCount === 0 && child?.nullCount === 0
    if (!isWhole || !isFloat32Array(values) || values.length !== rows * this.dimensions) {
      throw damagedDataset(
        this.#url,
        `every row must have a vector of ${this.dimensions} values of float32`,
      )
    }
    return values
  }
}

/** The parts of Arrow's `Data` that are used here. */
interface ArrowData {
  readonly nullCount: number
  readonly children: readonly { readonly nullCount: number; readonly values: unknown }[]
}
