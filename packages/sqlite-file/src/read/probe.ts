import { damaged } from '../error.js'
import { readSize, varintEnd } from '../format/varint.js'
import type { Page } from '../pages/page.js'
import type { Pages } from '../pages/pages.js'
import type { Steps } from '../pages/steps.js'
import { DEFAULT_MODE, type Integer, type SqlValue } from '../value.js'
import { readCell, readPayload, readRowid } from './cell.js'
import { compareBytes, compareText, type Collation } from './collation.js'
import { encodeText, readValue, RecordCursor } from './record.js'
import { isBytes } from '../is-bytes.js'

/** A place in the order of a tree. */
export interface Probe {
  /** Cell `i` minus this place: negative before it, 0 at it, positive behind; NaN when pages are lacking. */
  compare(pages: Pages, page: Page, i: number): number
  /** After NaN: what to load. */
  readonly lacking: readonly number[]
}

/** A key that is one blob, compared in the bytes of the page: the lookup of a table of keys and values. */
export class BlobProbe implements Probe {
  readonly key: Uint8Array
  lacking: readonly number[] = []

  constructor(key: Uint8Array) {
    this.key = key
  }

  compare(pages: Pages, page: Page, i: number): number {
    const { bytes } = page
    const { key } = this
    const pointer = page.cells + 2 * i
    let at = page.base + ((bytes[pointer]! << 8) | bytes[pointer + 1]!)
    if (page.type === 2) at += 4
    let size = bytes[at++]!
    if (size >= 128) {
      size = readSize(bytes, at - 1)
      at = varintEnd
    }
    const header = bytes[at]!
    let serial = bytes[at + 1]!
    if (serial >= 128) serial = readSize(bytes, at + 1)
    // Null, numbers and texts come before all blobs; a one-byte header size is all a key and a value need.
    if (!(header < 128)) return this.#compareSlowly(pages, page, i)
    if (serial < 12 || serial % 2 === 1) return -1
    const length = (serial - 12) / 2
    const start = at + header
    const most = length < key.length ? length : key.length
    // Of a record that overflows, this much is in the page for certain.
    const local = size <= pages.header.usableBytes >> 3 ? size : localBytesOf(pages, size)
    if (header + most > local) return this.#compareSlowly(pages, page, i)
    if (!(start + most <= page.end) || !(header + length <= size)) {
      throw damaged(page.no, `cell ${i} ends outside its page`)
    }
    for (let j = 0; j < most; j++) {
      const difference = bytes[start + j]! - key[j]!
      if (difference !== 0) return difference
    }
    return length - key.length
  }

  #compareSlowly(pages: Pages, page: Page, i: number): number {
    const stored = firstBytes(pages, page, i, this.key.length + 32)
    if (!isBytes(stored)) {
      this.lacking = stored
      return Number.NaN
    }
    const size = readCell(pages, page, i).size
    const header = readSize(stored, 0)
    const serial = readSize(stored, varintEnd)
    if (!(varintEnd <= header && header <= 32)) throw damaged(page.no, 'a record has no header')
    if (serial < 12 || serial % 2 === 1) return -1
    const length = (serial - 12) / 2
    if (!(header + length <= size)) throw damaged(page.no, 'a value ends outside its record')
    const held = stored.subarray(header, header + length)
    const order = compareBytes(held.subarray(0, this.key.length), this.key)
    return order === 0 ? length - this.key.length : order
  }
}

function localBytesOf(pages: Pages, size: number): number {
  const usable = pages.header.usableBytes
  const most = Math.floor(((usable - 12) * 64) / 255) - 23
  return size <= most ? size : Math.floor(((usable - 12) * 32) / 255) - 23
}

/** A row id in a rowid table. */
export class RowidProbe implements Probe {
  readonly rowid: Integer
  readonly lacking: readonly number[] = []

  constructor(rowid: Integer) {
    this.rowid = rowid
  }

  compare(_pages: Pages, page: Page, i: number): number {
    const rowid = readRowid(page, i)
    return rowid < this.rowid ? -1 : rowid > this.rowid ? 1 : 0
  }
}

/** How one column of an index is ordered. */
export interface ColumnOrder {
  readonly collation: Collation
  readonly descending: boolean
}

/** The first columns of an index or a WITHOUT ROWID table. */
export class RecordProbe implements Probe {
  readonly #values: readonly SqlValue[]
  readonly #texts: readonly (Uint8Array | undefined)[]
  readonly #order: readonly ColumnOrder[]
  /** The result for a cell that equals the given columns. */
  readonly #tie: number
  lacking: readonly number[] = []

  constructor(
    pages: Pages,
    values: readonly SqlValue[],
    order: readonly ColumnOrder[],
    tie: -1 | 0 | 1,
  ) {
    this.#values = values
    this.#order = order
    this.#tie = tie
    const { encoding } = pages.header
    this.#texts = values.map((value) =>
      typeof value === 'string' ? encodeText(value, encoding) : undefined,
    )
  }

  compare(pages: Pages, page: Page, i: number): number {
    const cell = readCell(pages, page, i)
    // The part in the page is most often enough.
    let record = page.bytes.subarray(cell.start, cell.start + cell.local)
    const whole = (): boolean => {
      const step = readPayload(pages, cell).next()
      if (step.done === true) record = step.value
      else this.lacking = step.value
      return step.done === true
    }
    const headerBytes = readSize(record, 0)
    if (!(headerBytes <= record.length) && !whole()) return Number.NaN
    const cursor = new RecordCursor(record, 0, cell.size, page.no)
    for (let column = 0; column < this.#values.length; column++) {
      if (!cursor.next()) throw damaged(page.no, 'a record has too few columns')
      if (cursor.start + cursor.length > record.length && !whole()) return Number.NaN
      const order = this.#order[column]!
      const difference = this.#compareValue(pages, record, cursor, column, order.collation)
      if (difference !== 0) return order.descending ? -difference : difference
    }
    return this.#tie
  }

  #compareValue(
    pages: Pages,
    record: Uint8Array,
    cursor: RecordCursor,
    column: number,
    collation: Collation,
  ): number {
    const wanted = this.#values[column]!
    const { serial, start } = cursor
    const text = this.#texts[column]
    const difference = classOf(serial) - classOfValue(wanted)
    if (difference !== 0 || wanted === null) return difference
    const bytes = record.subarray(start, start + cursor.length)
    if (text !== undefined) return compareText(bytes, text, collation, pages.header.encoding)
    if (isBytes(wanted)) return compareBytes(bytes, wanted)
    const stored = readValue(record, start, serial, {
      encoding: pages.header.encoding,
      ...DEFAULT_MODE,
    })
    return stored! < wanted ? -1 : stored! > wanted ? 1 : 0
  }
}

/** The order of storage classes: NULL, numbers, texts, blobs. */
export function classOf(serial: number): number {
  if (serial >= 12) return serial % 2 === 1 ? 2 : 3
  return serial === 0 ? 0 : 1
}

function classOfValue(value: SqlValue): number {
  if (value === null) return 0
  if (typeof value === 'string') return 2
  return isBytes(value) ? 3 : 1
}

/** The record of a cell, its first `upTo` bytes if that is less, or the pages it lacks. */
function firstBytes(
  pages: Pages,
  page: Page,
  i: number,
  upTo = Infinity,
): Uint8Array | readonly number[] {
  const cell = readCell(pages, page, i)
  const step = readPayload(pages, cell, Math.min(cell.size, upTo)).next()
  return step.value
}

/** The first cell of a page that is not before the place, or -1 when pages are lacking. */
export function lowerBound(pages: Pages, page: Page, probe: Probe): number {
  let low = 0
  let high = page.count
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = probe.compare(pages, page, middle)
    if (order < 0) low = middle + 1
    else if (order >= 0) high = middle
    else return -1
  }
  return low
}

/** The same, after pauses if need be. */
export function* stepToLowerBound(pages: Pages, page: Page, probe: Probe): Steps<number> {
  // Each pause brings at least one more page of a chain.
  for (let pauses = 0; pauses <= pages.header.pageCount + 64; pauses++) {
    const i = lowerBound(pages, page, probe)
    if (i >= 0) return i
    yield probe.lacking
  }
  throw damaged(page.no, 'a chain of overflow pages does not end')
}
