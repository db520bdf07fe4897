import { readSize, varintEnd } from '../format/varint.js'
import { cellOffset, childOf, INDEX_INTERIOR, type Page } from '../pages/page.js'
import { MAX_DEPTH, type Pages } from '../pages/pages.js'
import type { Steps } from '../pages/steps.js'
import { readCell } from './cell.js'
import { checkTreePage, descend, tooDeep } from './descend.js'
import { stepToValue } from './key-value-record.js'
import { BlobProbe } from './probe.js'

/** The value of a key if all pages it needs are in memory; otherwise null. */
export function peekValue(
  pages: Pages,
  root: number,
  key: Uint8Array,
): Uint8Array | undefined | null {
  const probe = new BlobProbe(key)
  let no = root
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const page = pages.page(no)
    if (page === undefined) return null
    checkTreePage(page, 'index')
    const i = search(pages, page, probe)
    if (i >= 0) return peekCell(pages, page, i)
    if (Number.isNaN(i)) return null
    if (page.type !== INDEX_INTERIOR) return undefined
    no = childOf(page, -1 - i)
  }
  throw tooDeep(no)
}

/**
 * The cell with the key, or -1 minus the first cell behind it; NaN when pages are lacking.
 *
 * Cells as most are (sizes of one or two bytes, the key in the page) are compared here, with the fields of the page in
 * local variables; others by the probe. This loop is most of the cost of a lookup.
 */
function search(pages: Pages, page: Page, probe: BlobProbe): number {
  const { bytes, base, cells, end } = page
  const { key } = probe
  const keyBytes = key.length
  const skip = page.type === INDEX_INTERIOR ? 4 : 0
  // A record up to this size is in its page for certain.
  const inline = pages.header.usableBytes >> 3
  let low = 0
  let high = page.count
  while (low < high) {
    const middle = (low + high) >>> 1
    const pointer = cells + 2 * middle
    let at = base + ((bytes[pointer]! << 8) | bytes[pointer + 1]!) + skip
    let size = bytes[at++]!
    if (size >= 128) size = ((size & 127) << 7) | bytes[at++]!
    const header = bytes[at]!
    const serial = bytes[at + 1]!
    const length = (serial - 12) >> 1
    const start = at + header
    let order: number
    if (
      size <= inline &&
      start + length <= end &&
      serial >= 12 &&
      serial < 128 &&
      (serial & 1) === 0 &&
      header < 16 &&
      header + length <= size &&
      bytes[at - 1]! < 128
    ) {
      const most = length < keyBytes ? length : keyBytes
      order = 0
      for (let i = 0; i < most; i++) {
        order = bytes[start + i]! - key[i]!
        if (order !== 0) break
      }
      if (order === 0) order = length - keyBytes
    } else order = probe.compare(pages, page, middle)
    if (order === 0) return middle
    if (order < 0) low = middle + 1
    else if (order > 0) high = middle
    else return Number.NaN
  }
  return -1 - low
}

function peekCell(pages: Pages, page: Page, i: number): Uint8Array | null {
  const { bytes, end } = page
  let at = cellOffset(page, i) + (page.type === INDEX_INTERIOR ? 4 : 0)
  const size = readSize(bytes, at)
  at = varintEnd
  if (size <= pages.header.usableBytes >> 3 && at + size <= end) {
    const header = readSize(bytes, at)
    const keySerial = readSize(bytes, varintEnd)
    const valueSerial = readSize(bytes, varintEnd)
    const start = at + header + ((keySerial - 12) >> 1)
    const isUsual = varintEnd === at + header && keySerial >= 12 && valueSerial >= 12
    if (isUsual && start + ((valueSerial - 12) >> 1) === at + size) {
      return copyOf(bytes, start, at + size)
    }
  }
  const step = stepToValue(pages, readCell(pages, page, i)).next()
  return step.done === true ? step.value : null
}

/** Up to here copying byte by byte is faster. */
const SHORT_BYTES = 48

function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start
  const copy = new Uint8Array(length)
  if (length <= SHORT_BYTES) for (let i = 0; i < length; i++) copy[i] = bytes[start + i]!
  else copy.set(new Uint8Array(bytes.buffer, bytes.byteOffset + start, length))
  return copy
}

/** The value of a key, after pauses if need be. */
export function* findValue(
  pages: Pages,
  root: number,
  key: Uint8Array,
): Steps<Uint8Array | undefined> {
  const place = yield* descend(pages, root, 'index', new BlobProbe(key))
  if (place === undefined) return undefined
  return yield* stepToValue(pages, readCell(pages, place.page, place.i))
}
