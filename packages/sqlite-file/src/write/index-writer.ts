import { invalidArgument } from '../error.js'
import { compareRecords } from '../read/compare-records.js'
import type { ColumnOrder } from '../read/probe.js'
import { type IndexInfo, ordersOf } from '../schema/schema.js'
import type { SqlValue } from '../value.js'
import { encodeRecord, joined } from './encode-record.js'
import type { PageOutput } from './page-output.js'
import { checkUnique } from './sorted-index.js'
import type { IndexTreeWriter } from './tree-writer.js'

/** Writes the entries of an index in its order. */
export class IndexWriter {
  /** Definition of the index. */
  readonly info: IndexInfo
  readonly #tree: IndexTreeWriter
  readonly #output: PageOutput
  readonly #where: string
  readonly #order: readonly ColumnOrder[]
  #last: Uint8Array | undefined
  #isDone = false

  /** Made by `SqliteFileWriter.createIndex`. */
  constructor(output: PageOutput, info: IndexInfo, tree: IndexTreeWriter) {
    this.info = info
    this.#tree = tree
    this.#output = output
    this.#where = `SqliteFileWriter: index "${info.name}"`
    this.#order = ordersOf(info.order, this.#where)
  }

  /**
   * Adds an entry: the indexed values, then the row id, or those columns of the primary key of a WITHOUT ROWID table
   * that are not indexed anyway.
   *
   * Errors: INVALID_ARGUMENT for an entry out of order, or equal to the one before.
   */
  add(values: readonly SqlValue[]): void {
    if (this.#isDone) throw invalidArgument(`${this.#where}: the file is finished`)
    this.#output.check()
    if (values.length !== this.#order.length) {
      throw invalidArgument(
        `${this.#where}: expected ${this.#order.length} values, the last ones of the row's key, got ${values.length}`,
      )
    }
    const record = encodeRecord(values, this.#where)
    const bytes = joined(record)
    if (this.#last !== undefined) {
      if (compareRecords(this.#last, bytes, this.#order, 'utf-8') >= 0) {
        throw invalidArgument(`${this.#where}: expected entries in ascending order; sort them`)
      }
      checkUnique(this.info, this.#order, this.#last, bytes, this.#where)
    }
    this.#last = bytes
    this.#tree.add(record.parts, record.size)
  }

  /** As `TableWriter.ready`. */
  ready(): Promise<void> | undefined {
    return this.#output.ready()
  }

  /** Called when the file is finished. */
  close(): void {
    this.#isDone = true
  }
}
