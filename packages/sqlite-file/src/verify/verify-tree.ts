import { readU32 } from '../format/varint.js'
import { cellOffset, childOf, type Page } from '../pages/page.js'
import { MAX_DEPTH, type Pages } from '../pages/pages.js'
import { type Steps, stepTo } from '../pages/steps.js'
import {
  type Cell,
  chainGuess,
  chainLength,
  readCell,
  readPayload,
  readRowid,
} from '../read/cell.js'
import type { TreeKind } from '../read/descend.js'
import { checkTreePage, tooDeep } from '../read/descend.js'
import { compareRecords } from '../read/compare-records.js'
import type { ColumnOrder } from '../read/probe.js'
import { RecordCursor } from '../read/record.js'
import type { Integer } from '../value.js'
import type { PageUse } from './page-use.js'

/** Bytes of children asked for together. */
const AHEAD_BYTES = 4 << 20

/** Checks one tree and counts its rows. */
export class TreeCheck {
  readonly #pages: Pages
  readonly #use: PageUse
  readonly #what: string
  readonly #kind: TreeKind
  readonly #order: readonly ColumnOrder[] | undefined
  #leafDepth = -1
  #lastRowid: Integer | undefined
  #lastRecord: Uint8Array | undefined
  rows = 0

  /** Without `order`, records are not compared. */
  constructor(
    pages: Pages,
    use: PageUse,
    what: string,
    kind: TreeKind,
    order: readonly ColumnOrder[] | undefined,
  ) {
    this.#pages = pages
    this.#use = use
    this.#what = what
    this.#kind = kind
    this.#order = order
  }

  *check(no: number, depth = 0, ahead: readonly number[] = [no]): Steps<void> {
    if (!this.#use.use(no, this.#what)) return
    if (this.#pages.page(no) === undefined) {
      yield ahead.filter((one) => this.#isLacking(one))
    }
    const page = yield* stepTo(this.#pages, no)
    checkTreePage(page, this.#kind)
    this.#checkCells(page)
    if (page.isLeaf) {
      if (this.#leafDepth < 0) this.#leafDepth = depth
      if (depth !== this.#leafDepth)
        this.#report(page, 'it is a leaf on another level than the first')
      for (let i = 0; i < page.count; i++) yield* this.#record(page, i)
      return
    }
    if (depth >= MAX_DEPTH) throw tooDeep(no)
    if (page.count === 0) this.#report(page, 'it is an interior page without cells')
    const most = AHEAD_BYTES / this.#pages.header.pageSize
    const children = Array.from({ length: page.count + 1 }, (_, i) => childOf(page, i))
    for (let i = 0; i < children.length; i++) {
      yield* this.check(children[i]!, depth + 1, children.slice(i, i + most))
      if (i === page.count) break
      if (this.#kind === 'index') yield* this.#record(page, i)
      else this.#rowid(page, readRowid(page, i), true)
    }
  }

  #isLacking(no: number): boolean {
    return no >= 1 && no <= this.#pages.header.pageCount && this.#pages.page(no) === undefined
  }

  *#record(page: Page, i: number): Steps<void> {
    this.rows++
    const cell = readCell(this.#pages, page, i)
    if (cell.rowid !== undefined) this.#rowid(page, cell.rowid, false)
    if (cell.overflow !== 0) yield* this.#chain(cell)
    const record = yield* readPayload(this.#pages, cell)
    const cursor = new RecordCursor(record, 0, record.length, page.no)
    while (cursor.next());
    if (cursor.start + cursor.length !== record.length) {
      this.#report(page, `cell ${i} has bytes that belong to no value`)
    }
    if (this.#kind === 'table' || this.#order === undefined) return
    const { encoding } = this.#pages.header
    const last = this.#lastRecord
    if (last !== undefined && compareRecords(last, record, this.#order, encoding, page.no) >= 0) {
      this.#report(page, `the record of cell ${i} is not in order`)
    }
    this.#lastRecord = record
  }

  #rowid(page: Page, rowid: Integer, isBound: boolean): void {
    const last = this.#lastRowid
    if (last !== undefined && (isBound ? rowid < last : rowid <= last)) {
      this.#report(page, `row id ${rowid} is not in order`)
    }
    this.#lastRowid = rowid
  }

  *#chain(cell: Cell): Steps<void> {
    let no = cell.overflow
    for (let left = chainLength(this.#pages, cell); left > 0; left--) {
      if (!this.#use.use(no, `a record of ${this.#what}`)) return
      if (this.#pages.page(no) === undefined) yield chainGuess(this.#pages, no, left)
      const { bytes, base } = yield* stepTo(this.#pages, no)
      no = readU32(bytes, base)
    }
    if (no !== 0) this.#report(cell.page, 'a chain of overflow pages is longer than its record')
  }

  /** Cells must be inside the page, behind its pointers, and not overlap. */
  #checkCells(page: Page): void {
    const first = page.cells + 2 * page.count
    const areas: [start: number, end: number][] = []
    for (let i = 0; i < page.count; i++) {
      const start = cellOffset(page, i)
      let end = start + 4
      if (this.#kind === 'index' || page.isLeaf) {
        const cell = readCell(this.#pages, page, i)
        end = cell.start + cell.local + (cell.overflow === 0 ? 0 : 4)
      }
      if (start < first || end > page.end) this.#report(page, `cell ${i} is outside of its area`)
      areas.push([start, end])
    }
    areas.sort(([a], [b]) => a - b)
    for (let i = 1; i < areas.length; i++) {
      if (areas[i]![0] < areas[i - 1]![1]) this.#report(page, 'cells overlap')
    }
  }

  #report(page: Page, what: string): void {
    this.#use.report(`page ${page.no} of ${this.#what}: ${what}`)
  }
}
