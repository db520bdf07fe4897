import { readU16 } from '../format/varint.js'
import { HEADER_BYTES } from '../format/header.js'

export const INDEX_INTERIOR = 2
export const TABLE_INTERIOR = 5
export const INDEX_LEAF = 10
export const TABLE_LEAF = 13

/** One page: a window of `bytes`, which may be a whole file. */
export class Page {
  readonly no: number
  readonly bytes: Uint8Array
  /** Where the page starts in `bytes`, and where its usable bytes end. */
  readonly base: number
  readonly end: number
  /** The kind of b-tree page, or 0 if it cannot be one. */
  readonly type: number
  /** Cells of a b-tree page. */
  readonly count: number
  /** Where the array of cell offsets starts in `bytes`. */
  readonly cells: number
  /** Uses since the cache last looked, at most 3. */
  uses = 0

  constructor(no: number, bytes: Uint8Array, base: number, usableBytes: number) {
    this.no = no
    this.bytes = bytes
    this.base = base
    this.end = base + usableBytes
    const header = no === 1 ? base + HEADER_BYTES : base
    const type = bytes[header]!
    const isInterior = type === INDEX_INTERIOR || type === TABLE_INTERIOR
    this.cells = header + (isInterior ? 12 : 8)
    this.count = readU16(bytes, header + 3)
    const isTree = isInterior || type === INDEX_LEAF || type === TABLE_LEAF
    this.type = isTree && this.cells + 2 * this.count <= this.end ? type : 0
  }

  get isInterior(): boolean {
    return this.type === INDEX_INTERIOR || this.type === TABLE_INTERIOR
  }

  get isLeaf(): boolean {
    return this.type === INDEX_LEAF || this.type === TABLE_LEAF
  }
}

/** Where cell `i` starts in the bytes of the page. */
export function cellOffset(page: Page, i: number): number {
  const { bytes, cells } = page
  const at = cells + 2 * i
  return page.base + ((bytes[at]! << 8) | bytes[at + 1]!)
}

/** The page below an interior page and left of cell `i`; right of all for `i = count`. */
export function childOf(page: Page, i: number): number {
  const { bytes } = page
  const at = i === page.count ? page.cells - 4 : cellOffset(page, i)
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  )
}
