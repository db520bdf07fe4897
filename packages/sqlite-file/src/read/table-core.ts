import { invalidArgument } from '../error.js'
import type { Pages } from '../pages/pages.js'
import type { Steps } from '../pages/steps.js'
import { type IndexInfo, ordersOf, type TableInfo } from '../schema/schema.js'
import { type Integer, type ValueMode, type SqlValue, toInteger } from '../value.js'
import { readCell } from './cell.js'
import { CellScan } from './cell-scan.js'
import { descend } from './descend.js'
import { type Probe, RecordProbe, RowidProbe } from './probe.js'
import { readRecord, type Row, RowCollector, rowOf, stepToRow } from './rows.js'
import { Walk } from './walk.js'
import { isBytes } from '../is-bytes.js'

/** A row id, or the values of the primary key of a WITHOUT ROWID table; one value need not be in a list. */
export type RowKey = SqlValue | readonly SqlValue[]

/** Rows from `from` (included) to `to` (excluded); of a key of several columns, the first ones are enough. */
export interface RowRange {
  /** First key. */
  readonly from?: RowKey | undefined
  /** Last key. */
  readonly to?: RowKey | undefined
}

/** An entry of an index. */
export interface IndexEntry {
  /** The indexed values. */
  readonly values: SqlValue[]
  /** What finds the row: its row id, or the primary key of a WITHOUT ROWID table. */
  readonly key: SqlValue[]
}

/** Reading a table, for files read by range and files in memory alike. */
export class TableCore {
  readonly info: TableInfo
  readonly mode: ValueMode

  constructor(info: TableInfo, mode: ValueMode) {
    this.info = info
    this.mode = mode
  }

  get kind(): 'index' | 'table' {
    return this.info.withoutRowid ? 'index' : 'table'
  }

  /** The row with a key. */
  *find(pages: Pages, key: RowKey): Steps<Row | undefined> {
    const place = yield* descend(pages, this.info.rootPage, this.kind, this.#probe(pages, key, 0))
    if (place === undefined) return undefined
    const cell = readCell(pages, place.page, place.i)
    return yield* stepToRow(pages, this.info, cell, this.mode)
  }

  scan(pages: Pages, { from, to }: RowRange, reverse: boolean): CellScan<Row[]> {
    const low = from === undefined ? undefined : this.#probe(pages, from, 1)
    const high = to === undefined ? undefined : this.#probe(pages, to, 1)
    const walk = new Walk(pages, this.info.rootPage, this.kind, { low, high }, reverse)
    const collector = new RowCollector((held, record, { page, rowid }) =>
      rowOf(this.info, readRecord(held, record, page.no, this.mode), rowid, this.mode),
    )
    return new CellScan(pages, walk, collector, reverse)
  }

  #probe(pages: Pages, key: RowKey, tie: 0 | 1): Probe {
    const { info } = this
    const where = `sqlite-file: table "${info.name}"`
    const values = Array.isArray(key) ? (key as readonly SqlValue[]) : [key as SqlValue]
    const columns = info.withoutRowid ? info.primaryKey.length : 1
    const isWhole = tie === 0 ? values.length === columns : values.length <= columns
    if (!isWhole || values.length === 0) {
      throw invalidArgument(`${where}: expected ${columns} key values, got ${values.length}`)
    }
    if (!info.withoutRowid) return new RowidProbe(rowidOf(values[0]!, where))
    const order = ordersOf(info.primaryKey.slice(0, values.length), where)
    return new RecordProbe(pages, checkedValues(values, where), order, tie)
  }
}

/** Reading an index. */
export class IndexCore {
  readonly info: IndexInfo
  readonly mode: ValueMode

  constructor(info: IndexInfo, mode: ValueMode) {
    this.info = info
    this.mode = mode
  }

  /** Entries between two lists of values, or those that start with the values of `equal`. */
  scan(
    pages: Pages,
    range: { readonly from?: RowKey | undefined; readonly to?: RowKey | undefined },
    reverse: boolean,
    equal?: readonly SqlValue[],
  ): CellScan<IndexEntry[]> {
    const low = this.#probe(pages, equal ?? range.from, 1)
    const high =
      equal === undefined ? this.#probe(pages, range.to, 1) : this.#probe(pages, equal, -1)
    const walk = new Walk(pages, this.info.rootPage, 'index', { low, high }, reverse)
    const { columns, rowPositions } = this.info
    const collector = new RowCollector((held, record, { page }): IndexEntry => {
      const values = readRecord(held, record, page.no, this.mode)
      const key = rowPositions.map((position) => values[position] ?? null)
      return { values: values.slice(0, columns.length), key }
    })
    return new CellScan(pages, walk, collector, reverse)
  }

  #probe(pages: Pages, key: RowKey | undefined, tie: 1 | -1): Probe | undefined {
    if (key === undefined) return undefined
    const { name, columns } = this.info
    const where = `sqlite-file: index "${name}"`
    const values = Array.isArray(key) ? (key as readonly SqlValue[]) : [key as SqlValue]
    if (values.length > columns.length || values.length === 0) {
      throw invalidArgument(
        `${where}: expected 1 to ${columns.length} values, got ${values.length}`,
      )
    }
    const order = ordersOf(columns.slice(0, values.length), where)
    return new RecordProbe(pages, checkedValues(values, where), order, tie)
  }
}

/** All that a scan gives. */
export function* collectAll<T>(scan: CellScan<T[]>): Steps<T[]> {
  const all: T[] = []
  for (;;) {
    const chunk = scan.next(1024, 1 << 20)
    if (chunk === undefined) return all
    if (chunk === null) yield scan.lacking
    else for (const one of chunk) all.push(one)
  }
}

function checkedValues(values: readonly SqlValue[], where: string): readonly SqlValue[] {
  for (const value of values) {
    if (value === null || isBytes(value)) continue
    if (typeof value === 'number' && Number.isNaN(value)) {
      throw invalidArgument(`${where}: expected a key value that is no NaN, which SQLite has not`)
    }
    if (['number', 'bigint', 'string'].includes(typeof value)) continue
    throw invalidArgument(
      `${where}: expected key values to be null, number, bigint, string or Uint8Array, got ${typeof value}`,
    )
  }
  return values
}

function rowidOf(value: SqlValue, where: string): Integer {
  if (typeof value === 'number' && Number.isInteger(value)) return value
  if (typeof value === 'bigint') return toInteger(value)
  throw invalidArgument(`${where}: expected a row id (an integer), got ${String(value)}`)
}
