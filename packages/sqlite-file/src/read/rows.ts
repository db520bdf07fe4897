import { unsupported } from '../error.js'
import type { Page } from '../pages/page.js'
import type { Pages } from '../pages/pages.js'
import type { Steps } from '../pages/steps.js'
import type { TableInfo } from '../schema/schema.js'
import type { ValueMode, SqlValue } from '../value.js'
import { type Cell, readCell, readPayload } from './cell.js'
import type { Collector } from './cell-scan.js'
import { ChainBudget } from './chain-budget.js'
import { RecordCursor } from './record.js'

/** The values of a row, in the declared order of the columns. */
export type Row = SqlValue[]

/** All values of a record. */
export function readRecord(
  pages: Pages,
  record: Uint8Array,
  page: number,
  mode: ValueMode,
): SqlValue[] {
  const format = { encoding: pages.header.encoding, ...mode }
  const cursor = new RecordCursor(record, 0, record.length, page)
  const values: SqlValue[] = []
  while (cursor.next()) values.push(cursor.value(format))
  return values
}

/** Turns a stored record into a row. */
export function rowOf(
  table: TableInfo,
  record: readonly SqlValue[],
  rowid: SqlValue | undefined,
  mode: ValueMode,
): Row {
  return table.columns.map((column, i) => {
    if (column.name === table.rowidColumn) return asInteger(rowid!, mode)
    const stored = record[table.positions[i]!]
    if (stored === undefined) return missing(table, column, mode)
    // A whole number of a REAL column is stored as an integer, which takes less room.
    const isWhole = column.affinity === 'REAL' && typeof stored === 'bigint'
    return isWhole ? Number(stored) : stored
  })
}

function asInteger(value: SqlValue, { integers }: ValueMode): SqlValue {
  return integers === 'bigint' && typeof value === 'number' && Number.isInteger(value)
    ? BigInt(value)
    : value
}

/** Rows written before a column was added do not have it. */
function missing(
  table: TableInfo,
  { name, defaultValue, affinity }: TableInfo['columns'][number],
  mode: ValueMode,
): SqlValue {
  const fits =
    typeof defaultValue === 'string'
      ? affinity === 'TEXT' || affinity === 'BLOB'
      : typeof defaultValue === 'number' || typeof defaultValue === 'bigint'
        ? affinity !== 'TEXT'
        : defaultValue !== undefined
  if (!fits) {
    throw unsupported(
      `sqlite-file: table "${table.name}": a row lacks column ${name}, whose default would have to be computed; run VACUUM`,
    )
  }
  return affinity === 'REAL' ? defaultValue! : asInteger(defaultValue!, mode)
}

/** The row of a cell, after pauses if need be. */
export function* stepToRow(
  pages: Pages,
  table: TableInfo,
  cell: Cell,
  mode: ValueMode,
): Steps<Row> {
  const record = yield* readPayload(pages, cell)
  return rowOf(table, readRecord(pages, record, cell.page.no, mode), cell.rowid, mode)
}

/** Collects rows, or records of an index, into arrays. */
export class RowCollector<T> implements Collector<T[]> {
  readonly #read: (pages: Pages, record: Uint8Array, cell: Cell) => T
  readonly #chains = new ChainBudget()
  #rows: T[] = []
  bytes = 0

  constructor(read: (pages: Pages, record: Uint8Array, cell: Cell) => T) {
    this.#read = read
  }

  get count(): number {
    return this.#rows.length
  }

  begin(): void {
    this.#rows = []
    this.bytes = 0
  }

  add(pages: Pages, page: Page, i: number): readonly number[] | undefined {
    const cell = readCell(pages, page, i)
    const step = readPayload(pages, cell).next()
    if (step.done !== true) return step.value
    if (cell.overflow !== 0) this.#chains.take(pages, cell)
    this.#rows.push(this.#read(pages, step.value, cell))
    this.bytes += cell.size
    return undefined
  }

  finish(): T[] {
    return this.#rows
  }
}
