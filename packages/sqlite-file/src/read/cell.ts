import { damaged } from '../error.js'
import { localBytes } from '../format/page-size.js'
import { readInteger, readSize, readU32, varintEnd } from '../format/varint.js'
import { cellOffset, type Page } from '../pages/page.js'
import { checkPageNumber, type Pages } from '../pages/pages.js'
import { type Steps, stepTo } from '../pages/steps.js'
import type { Integer } from '../value.js'

/** The position of the record of a cell. */
export interface Cell {
  readonly page: Page
  /** The row id, in rowid tables. */
  readonly rowid: Integer | undefined
  /** Bytes of the whole record, and of the part in the page, which starts at `start`. */
  readonly size: number
  readonly local: number
  readonly start: number
  /** First page of the rest, 0 if all is in the page. */
  readonly overflow: number
}

/** Reads cell `i` of a page that has records: a leaf, or an interior page of an index. */
export function readCell(pages: Pages, page: Page, i: number): Cell {
  const { bytes, isLeaf } = page
  const { usableBytes, pageCount } = pages.header
  const isTable = page.type === 13
  const size = readSize(bytes, cellOffset(page, i) + (isLeaf ? 0 : 4))
  let start = varintEnd
  let rowid: Integer | undefined
  if (isTable) {
    rowid = readInteger(bytes, start)
    start = varintEnd
  }
  const local = localBytes(size, usableBytes, isTable)
  const spills = local !== size
  if (!(start + local + (spills ? 4 : 0) <= page.end) || !(size <= pageCount * usableBytes)) {
    throw damaged(page.no, `cell ${i} ends outside its page`)
  }
  const overflow = spills ? readU32(bytes, start + local) : 0
  if (spills) checkOverflow(pages, page.no, overflow)
  return { page, rowid, size, local, start, overflow }
}

/** The row id of cell `i` of any page of a rowid table. */
export function readRowid(page: Page, i: number): Integer {
  let at = cellOffset(page, i)
  if (page.isInterior) at += 4
  else {
    readSize(page.bytes, at)
    at = varintEnd
  }
  const rowid = readInteger(page.bytes, at)
  if (!(varintEnd <= page.end)) throw damaged(page.no, `cell ${i} ends outside its page`)
  return rowid
}

/** Pages fetched ahead of a chain at first; more once it has gone that far. */
const CHAIN_BYTES = 8 << 20

/**
 * The first `upTo` bytes of a record: a view of the page, or a copy if they are spread over a chain of pages.
 *
 * Overflow pages are expected to follow one another, so that a pause asks for a run of them; then each is checked.
 */
export function* readPayload(pages: Pages, cell: Cell, upTo = cell.size): Steps<Uint8Array> {
  const { page, start, local } = cell
  if (upTo <= local) return page.bytes.subarray(start, start + upTo)
  const payload = new Uint8Array(upTo)
  payload.set(page.bytes.subarray(start, start + local))
  const perPage = pages.header.usableBytes - 4
  let no = cell.overflow
  let filled = local
  let from = page.no
  while (filled < upTo) {
    checkOverflow(pages, from, no)
    const next =
      pages.page(no) ?? (yield* stepToRun(pages, no, Math.ceil((upTo - filled) / perPage)))
    const bytes = Math.min(perPage, upTo - filled)
    payload.set(next.bytes.subarray(next.base + 4, next.base + 4 + bytes), filled)
    filled += bytes
    from = no
    no = readU32(next.bytes, next.base)
  }
  return payload
}

/** The pages a chain is guessed to have from `no` on, without those in memory. */
export function chainGuess(pages: Pages, no: number, count: number): number[] {
  const { pageCount, pageSize } = pages.header
  const most = Math.max(1, Math.floor(CHAIN_BYTES / pageSize))
  const last = Math.min(pageCount, no + Math.min(count, most) - 1)
  const lacking: number[] = []
  for (let next = no; next <= last; next++) if (pages.page(next) === undefined) lacking.push(next)
  return lacking
}

/** Overflow pages of a record, from how much of it is elsewhere. */
export function chainLength(pages: Pages, { size, local }: Cell): number {
  return Math.ceil((size - local) / (pages.header.usableBytes - 4))
}

function* stepToRun(pages: Pages, no: number, count: number): Steps<Page> {
  yield chainGuess(pages, no, count)
  // A long run may have displaced its own first page.
  return yield* stepTo(pages, no)
}

function checkOverflow(pages: Pages, from: number, no: number): void {
  if (no === 0) throw damaged(from, 'the chain of overflow pages ends too early')
  checkPageNumber(no, pages.header)
}
