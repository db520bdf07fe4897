import { invalidArgument } from '../error.js'

/** The page sizes of the format, in bytes. */
export const PAGE_SIZES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536] as const
export const DEFAULT_PAGE_SIZE = 4096

/** Offset of the bytes SQLite locks; the page that contains it holds no data. */
const LOCK_OFFSET = 0x4000_0000

/** The page that must stay unused, as locks are taken on its bytes; beyond the end of most files. */
export function lockPage(pageSize: number): number {
  return LOCK_OFFSET / pageSize + 1
}

/** The most bytes of a record that a page of an index or a WITHOUT ROWID table holds without an overflow page. */
export function inlineLimit(usableBytes: number): number {
  return Math.floor(((usableBytes - 12) * 64) / 255) - 23
}

/** Bytes that stay in the page when a record overflows, at least. */
function leastLocal(usableBytes: number): number {
  return Math.floor(((usableBytes - 12) * 32) / 255) - 23
}

/** The bytes of a record that are stored in the page itself. */
export function localBytes(payloadBytes: number, usableBytes: number, isTable: boolean): number {
  const most = isTable ? usableBytes - 35 : inlineLimit(usableBytes)
  if (payloadBytes <= most) return payloadBytes
  const least = leastLocal(usableBytes)
  const local = least + ((payloadBytes - least) % (usableBytes - 4))
  return local <= most ? local : least
}

/** Refuses what is no page size. */
export function checkPageSize(pageSize: number, where: string): number {
  if (PAGE_SIZES.includes(pageSize as (typeof PAGE_SIZES)[number])) return pageSize
  throw invalidArgument(
    `${where}: expected pageSize (bytes) to be one of ${PAGE_SIZES.join(', ')}, got ${pageSize}`,
  )
}

/** Bytes of a record in addition to key and value, by the rule below. */
const RECORD_OVERHEAD = 12
const FIRST_CHOICE = 4096

/**
 * Chooses the page size of a table of keys and values: the smallest, at least 4096 bytes, whose pages hold the
 * longest key with the value of the 95th percentile without an overflow page.
 *
 * Sizes are counted exactly in one array of 128 KiB, however many rows there are.
 */
export class PageSizeChooser {
  readonly #counts = new Uint32Array(inlineLimit(65536) + 2)
  #rows = 0
  #longestKey = 0

  /** Counts a row. */
  add(keyBytes: number, valueBytes: number): void {
    this.#rows++
    if (keyBytes > this.#longestKey) this.#longestKey = keyBytes
    this.#counts[Math.min(valueBytes, this.#counts.length - 1)]!++
  }

  /** The page size for what has been counted, in bytes. */
  get pageSize(): number {
    return choosePageSize(this.#longestKey, this.#typicalValue)
  }

  /** True if pages of that size hold such rows without an overflow page; otherwise even the largest do not. */
  get isInline(): boolean {
    return hasRoom(this.pageSize, this.#longestKey, this.#typicalValue)
  }

  /** Bytes of the value of the 95th percentile. */
  get #typicalValue(): number {
    const rank = Math.ceil(this.#rows * 0.95)
    let seen = 0
    let valueBytes = 0
    while (valueBytes < this.#counts.length - 1 && (seen += this.#counts[valueBytes]!) < rank) {
      valueBytes++
    }
    return valueBytes
  }
}

/** The smallest page size, at least 4096 bytes, with room for such a row; otherwise the largest. */
export function choosePageSize(keyBytes: number, valueBytes: number): number {
  const fits = (size: number): boolean =>
    size >= FIRST_CHOICE && hasRoom(size, keyBytes, valueBytes)
  return PAGE_SIZES.find(fits) ?? 65536
}

function hasRoom(pageSize: number, keyBytes: number, valueBytes: number): boolean {
  return inlineLimit(pageSize) >= keyBytes + valueBytes + RECORD_OVERHEAD
}
