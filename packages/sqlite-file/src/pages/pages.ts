import type { FileHeader } from '../format/header.js'
import { damaged } from '../error.js'
import { Page } from './page.js'

/** The pages of a file that are in memory. All decoding works on this interface. */
export interface Pages {
  readonly header: FileHeader
  /** A page if it is in memory. Errors: DAMAGED if the file has no such page. */
  page(no: number): Page | undefined
}

/** The deepest tree there can be is far below this; more is a cycle. */
export const MAX_DEPTH = 20

export function checkPageNumber(no: number, header: FileHeader): void {
  if (no >= 1 && no <= header.pageCount) return
  throw damaged(no, `it is referred to, but the file has ${header.pageCount} pages`)
}

/** All pages of a file whose bytes are in memory. */
export class ImagePages implements Pages {
  readonly header: FileHeader
  readonly #image: Uint8Array
  readonly #pages: Page[][] = []

  constructor(image: Uint8Array, header: FileHeader) {
    this.#image = image
    this.header = header
  }

  page(no: number): Page {
    const known = this.#pages[no >>> 8]?.[no & 255]
    if (known !== undefined) return known
    checkPageNumber(no, this.header)
    const { pageSize, usableBytes } = this.header
    const page = new Page(no, this.#image, (no - 1) * pageSize, usableBytes)
    const block = (this.#pages[no >>> 8] ??= [])
    block[no & 255] = page
    return page
  }
}
