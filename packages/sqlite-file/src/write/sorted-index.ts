import { invalidArgument } from '../error.js'
import { compareRecords } from '../read/compare-records.js'
import type { ColumnOrder } from '../read/probe.js'
import { RecordCursor } from '../read/record.js'
import { type IndexInfo, ordersOf } from '../schema/schema.js'
import type { SqlValue } from '../value.js'
import { encodeRecord, joined } from './encode-record.js'
import type { PageOutput } from './page-output.js'
import { IndexTreeWriter } from './tree-writer.js'

/** The entries of an index, collected in any order. */
export class SortedIndex {
  readonly info: IndexInfo
  readonly #where: string
  readonly #order: readonly ColumnOrder[]
  readonly #records: Uint8Array[] = []

  constructor(info: IndexInfo, where: string) {
    this.info = info
    this.#where = `${where}: index "${info.name}"`
    this.#order = ordersOf(info.order, this.#where)
  }

  /** Adds an entry: the indexed values, then what finds the row. */
  add(values: readonly SqlValue[]): void {
    this.#records.push(joined(encodeRecord(values, this.#where)))
  }

  /** Writes the leaves, in order. */
  write(output: PageOutput): IndexTreeWriter {
    const tree = new IndexTreeWriter(output)
    this.#records.sort((a, b) => compareRecords(a, b, this.#order, 'utf-8'))
    let last: Uint8Array | undefined
    for (const record of this.#records) {
      if (last !== undefined) checkUnique(this.info, this.#order, last, record, this.#where)
      tree.add([record], record.length)
      last = record
    }
    tree.finishLeaves()
    return tree
  }
}

/** Refuses two entries of a unique index with the same values, unless one of them is null. */
export function checkUnique(
  { unique, columns }: IndexInfo,
  order: readonly ColumnOrder[],
  a: Uint8Array,
  b: Uint8Array,
  where: string,
): void {
  if (!unique) return
  if (compareRecords(a, b, order.slice(0, columns.length), 'utf-8') !== 0) return
  const cursor = new RecordCursor(a, 0, a.length, 0)
  for (let i = 0; i < columns.length && cursor.next(); i++) if (cursor.serial === 0) return
  throw invalidArgument(`${where}: expected unique values, got two rows with the same ones`)
}
