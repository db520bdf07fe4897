import { invalidArgument } from '../error.js'
import { compareRecords } from '../read/compare-records.js'
import { EntryChunk } from '../read/entry-chunk.js'
import type { ColumnOrder } from '../read/probe.js'
import { type KeyColumn, ordersOf, type TableInfo } from '../schema/schema.js'
import { type Integer, type SqlValue, toInteger } from '../value.js'
import { checkAffinity, encodeRecord, joined } from './encode-record.js'
import type { PageOutput } from './page-output.js'
import type { SortedIndex } from './sorted-index.js'
import { IndexTreeWriter, TableTreeWriter, type TreeWriter } from './tree-writer.js'
import { isArrayBuffer, isBytes } from '../is-bytes.js'

/** Entries packed in the layout of `EntryChunk`, by whatever class. */
export type PackedEntries = Pick<EntryChunk, 'count' | 'data' | 'ends'>

/** Keys up to this size are compared and copied byte by byte. */
const SHORT_BYTES = 32

/**
 * Writes the rows of a table in the order of its key.
 *
 * Indexes SQLite makes for UNIQUE and PRIMARY KEY clauses are built in memory and written at the end.
 */
export class TableWriter {
  /** Definition of the table. */
  readonly info: TableInfo
  readonly #output: PageOutput
  readonly #where: string
  readonly #index: IndexTreeWriter | undefined
  readonly #table: TableTreeWriter | undefined
  readonly #autoIndexes: readonly SortedIndex[]
  readonly #order: readonly ColumnOrder[]
  readonly #isKeyValue: boolean
  #lastRecord: Uint8Array | undefined
  #lastRowid: Integer | undefined
  // The last key of `put`, in a buffer that only grows.
  #lastKey = new Uint8Array(64)
  #lastKeyBytes = -1
  #rows = 0
  #isDone = false

  /** Made by `SqliteFileWriter.createTable`. */
  constructor(
    output: PageOutput,
    info: TableInfo,
    tree: TreeWriter,
    autoIndexes: readonly SortedIndex[],
  ) {
    this.info = info
    this.#output = output
    this.#where = `SqliteFileWriter: table "${info.name}"`
    this.#order = info.withoutRowid ? ordersOf(info.primaryKey, this.#where) : []
    if (tree instanceof IndexTreeWriter) this.#index = tree
    if (tree instanceof TableTreeWriter) this.#table = tree
    this.#autoIndexes = autoIndexes
    const [key] = info.primaryKey
    this.#isKeyValue =
      info.withoutRowid &&
      info.columns.length === 2 &&
      info.primaryKey.length === 1 &&
      key?.descending === false &&
      info.positions[0] === 0 &&
      info.indexes.length === 0 &&
      info.columns.every(({ affinity }) => affinity === 'BLOB')
  }

  /** Rows written so far. */
  get rows(): number {
    return this.#rows
  }

  /**
   * Adds a row of a WITHOUT ROWID table of two blob columns, the first being the key.
   *
   * Errors: INVALID_ARGUMENT unless the key is larger than the one before; the row is not written then.
   */
  put(key: Uint8Array, value: Uint8Array): void {
    this.#checkPut()
    if (!(isBytes(key) && isBytes(value))) {
      throw invalidArgument(
        `${this.#where}: expected key and value to be Uint8Array, got ${typeof key} and ${typeof value}`,
      )
    }
    this.#checkKey(key, 0, key.length)
    this.#index!.addEntry(key, value)
    this.#rows++
  }

  /** Adds all rows of a packed chunk; resolves when the sink has caught up. Errors: as `put`, those of the sink. */
  async putChunk(chunk: PackedEntries | ArrayBuffer): Promise<void> {
    this.#checkPut()
    const { count, data, ends } = isArrayBuffer(chunk) ? new EntryChunk(chunk) : chunk
    let start = 0
    for (let i = 0; i < count; i++) {
      const keyEnd = ends[2 * i]!
      const end = ends[2 * i + 1]!
      this.#checkKey(data, start, keyEnd - start)
      this.#index!.addPacked(data, start, keyEnd, end)
      this.#rows++
      start = end
    }
    await this.#output.ready()
  }

  /**
   * Adds a row, its values in the declared order of the columns.
   *
   * Rows come in the order of the row id, or of the primary key of a WITHOUT ROWID table. The column that is the row id
   * may be null for the next one; without such a column rows are numbered from 1.
   * Errors: INVALID_ARGUMENT for a row out of order, or a value the column cannot hold.
   */
  add(values: readonly SqlValue[]): void {
    this.#checkOpen()
    const { columns, withoutRowid, positions } = this.info
    if (values.length !== columns.length) {
      throw invalidArgument(
        `${this.#where}: expected ${columns.length} values, got ${values.length}`,
      )
    }
    for (const [i, column] of columns.entries()) this.#checkValue(values[i]!, i, column)
    if (withoutRowid) {
      const stored: SqlValue[] = []
      for (const [i, position] of positions.entries()) stored[position] = values[i]!
      const record = encodeRecord(stored, this.#where)
      if (this.#isKeyValue) this.#checkKeyOf(stored)
      else this.#checkRecord(joined(record))
      this.#index!.add(record.parts, record.size)
      this.#addToIndexes(values, undefined)
    } else {
      const rowid = this.#rowid(values)
      const stored = values.map((value, i) => (this.#isRowid(i) ? null : value))
      const record = encodeRecord(stored, this.#where)
      this.#table!.add(rowid, record.parts, record.size)
      this.#lastRowid = rowid
      this.#addToIndexes(values, rowid)
    }
    this.#rows++
  }

  /** A promise while the sink is behind; wait for it now and then, so that what is written need not be in memory. */
  ready(): Promise<void> | undefined {
    return this.#output.ready()
  }

  /** Called when the file is finished. */
  close(): void {
    this.#isDone = true
  }

  #isRowid(i: number): boolean {
    return this.info.columns[i]!.name === this.info.rowidColumn
  }

  #rowid(values: readonly SqlValue[]): Integer {
    const last = this.#lastRowid ?? 0
    const given = values.find((_, i) => this.#isRowid(i)) ?? null
    const rowid =
      given === null
        ? toInteger(BigInt(last) + 1n)
        : typeof given === 'bigint'
          ? toInteger(BigInt.asIntN(64, given))
          : given
    const isInteger = typeof rowid === 'bigint' || Number.isSafeInteger(rowid)
    if (!isInteger || (typeof given === 'bigint' && BigInt(rowid as Integer) !== given)) {
      throw invalidArgument(
        `${this.#where}: expected a row id (an integer of 64 bits), got ${String(given)}`,
      )
    }
    if (this.#lastRowid !== undefined && (rowid as Integer) <= this.#lastRowid) {
      throw invalidArgument(
        `${this.#where}: expected row ids in ascending order, got ${String(rowid)} after ${last}`,
      )
    }
    return rowid as Integer
  }

  #checkValue(
    value: SqlValue,
    i: number,
    { name, affinity, notNull }: TableInfo['columns'][number],
  ): void {
    const where = `${this.#where}: column ${name}`
    const isKey = this.info.withoutRowid && this.info.primaryKey.some((key) => key.name === name)
    if (value === null && (notNull || isKey) && !this.#isRowid(i)) {
      throw invalidArgument(`${where}: expected a value, as it is NOT NULL, got null`)
    }
    checkAffinity(value, affinity, where)
  }

  #checkPut(): void {
    this.#checkOpen()
    if (this.#isKeyValue) return
    throw invalidArgument(
      `${this.#where}: put is for WITHOUT ROWID tables of two columns without type or of BLOB, the first one the key; use add`,
    )
  }

  /** Keys of `put` and of `add` are in one order. */
  #checkKeyOf([key]: readonly SqlValue[]): void {
    if (!isBytes(key)) {
      throw invalidArgument(
        `${this.#where}: expected the key to be a Uint8Array, got ${typeof key}`,
      )
    }
    this.#checkKey(key, 0, key.length)
  }

  /** Compares a key in `bytes` with the last one, and keeps it. */
  #checkKey(bytes: Uint8Array, start: number, length: number): void {
    const lastBytes = this.#lastKeyBytes
    if (lastBytes >= 0) {
      const last = this.#lastKey
      const most = lastBytes < length ? lastBytes : length
      let order = 0
      for (let i = 0; i < most && order === 0; i++) order = bytes[start + i]! - last[i]!
      order ||= length - lastBytes
      if (order <= 0) this.#notInOrder(order === 0)
    }
    if (length > this.#lastKey.length) this.#lastKey = new Uint8Array(2 * length)
    const last = this.#lastKey
    if (length <= SHORT_BYTES) for (let i = 0; i < length; i++) last[i] = bytes[start + i]!
    else last.set(bytes.subarray(start, start + length))
    this.#lastKeyBytes = length
  }

  #checkRecord(record: Uint8Array): void {
    if (this.#lastRecord !== undefined) {
      const order = compareRecords(this.#lastRecord, record, this.#order, 'utf-8')
      if (order >= 0) this.#notInOrder(order === 0)
    }
    this.#lastRecord = record
  }

  #notInOrder(isEqual: boolean): never {
    throw invalidArgument(
      `${this.#where}: expected rows in ascending order of the key, row ${this.#rows} ${isEqual ? 'has the key of' : 'comes before'} the one before it; sort the rows and keep one of each key`,
    )
  }

  #addToIndexes(values: readonly SqlValue[], rowid: Integer | undefined): void {
    for (const index of this.#autoIndexes) {
      const valueOf = ({ name }: KeyColumn): SqlValue => {
        const i = this.info.columns.findIndex((column) => column.name === name)
        return i < 0 || this.#isRowid(i) ? rowid! : values[i]!
      }
      index.add(index.info.order.map(valueOf))
    }
  }

  #checkOpen(): void {
    if (this.#isDone) throw invalidArgument(`${this.#where}: the file is finished`)
    this.#output.check()
  }
}
