import { damaged, unsupported } from '../error.js'
import { readSize, varintEnd } from '../format/varint.js'
import type { Pages } from '../pages/pages.js'
import type { Steps } from '../pages/steps.js'
import { type Cell, readPayload } from './cell.js'

/** The position of key and value in a record, relative to its start; the value follows the key. */
export interface EntryLayout {
  readonly keyStart: number
  readonly keyBytes: number
  readonly valueBytes: number
}

/**
 * Reads the header of a record of a key and a value.
 *
 * A text value counts as its bytes. Errors: DAMAGED; UNSUPPORTED for other values.
 */
export function readLayout(
  bytes: Uint8Array,
  start: number,
  size: number,
  page: number,
): EntryLayout {
  const header = readSize(bytes, start)
  const keySerial = readSize(bytes, varintEnd)
  const valueSerial = readSize(bytes, varintEnd)
  if (!(varintEnd === start + header && header <= size)) {
    throw damaged(page, 'expected a record of a key and a value')
  }
  if (keySerial < 12 || keySerial % 2 === 1) throw notBytes('key', keySerial)
  if (valueSerial < 12) throw notBytes('value', valueSerial)
  const keyBytes = (keySerial - 12) / 2
  const valueBytes = Math.floor((valueSerial - 12) / 2)
  if (header + keyBytes + valueBytes !== size) {
    throw damaged(page, 'the sizes of a key and a value are not those of their record')
  }
  return { keyStart: header, keyBytes, valueBytes }
}

/** The value of a cell, as a copy. */
export function* stepToValue(pages: Pages, cell: Cell): Steps<Uint8Array> {
  const { page, start, size, local } = cell
  if (local === size) {
    const { keyStart, keyBytes } = readLayout(page.bytes, start, size, page.no)
    return page.bytes.slice(start + keyStart + keyBytes, start + size)
  }
  const record = yield* readPayload(pages, cell)
  const { keyStart, keyBytes } = readLayout(record, 0, size, page.no)
  return record.subarray(keyStart + keyBytes)
}

function notBytes(what: string, serial: number): Error {
  const kinds = ['NULL', 'an INTEGER', 'a REAL', 'a TEXT'] as const
  const kind = kinds[serial === 0 ? 0 : serial === 7 ? 2 : serial >= 12 ? 3 : 1]
  return unsupported(
    `sqlite-file: expected the ${what} of a row to be a blob, got ${kind}; read the table by rows instead`,
  )
}
