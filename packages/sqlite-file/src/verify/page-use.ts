import { lockPage } from '../format/page-size.js'
import { readU32 } from '../format/varint.js'
import type { Pages } from '../pages/pages.js'
import { type Steps, stepTo } from '../pages/steps.js'

/** Problems listed at most; more are counted only. */
const MAX_PROBLEMS = 100

/** Which pages of a file are used, and what is wrong with it. */
export class PageUse {
  readonly problems: string[] = []
  #count = 0
  readonly #used: Uint8Array
  readonly #pages: Pages

  constructor(pages: Pages) {
    this.#pages = pages
    this.#used = new Uint8Array(Math.floor(pages.header.pageCount / 8) + 1)
  }

  get problemCount(): number {
    return this.#count
  }

  report(problem: string): void {
    if (this.#count++ < MAX_PROBLEMS) this.problems.push(problem)
  }

  /** Notes that a page is used; false if it cannot be. */
  use(no: number, what: string): boolean {
    const { pageCount } = this.#pages.header
    if (!(no >= 1 && no <= pageCount)) {
      this.report(`${what} refers to page ${no}, the file has ${pageCount}`)
      return false
    }
    const bit = 1 << (no & 7)
    if ((this.#used[no >>> 3]! & bit) !== 0) {
      this.report(`page ${no} is used twice, the second time by ${what}`)
      return false
    }
    this.#used[no >>> 3]! |= bit
    return true
  }

  /** Notes the pages that belong to no tree: those of the free list, pointer maps, the locked one. */
  *useOthers(): Steps<void> {
    const { header } = this.#pages
    const { pageCount, pageSize, usableBytes } = header
    const locked = lockPage(pageSize)
    if (locked <= pageCount) this.use(locked, 'the lock')
    if (header.autoVacuum) {
      // A pointer-map page has five bytes for each of the pages behind it.
      const distance = Math.floor(usableBytes / 5) + 1
      for (let no = 2; no <= pageCount; no += distance) {
        this.use(no === locked ? no + 1 : no, 'the pointer map')
      }
    }
    let free = 0
    for (let trunk = header.freelistHead; trunk !== 0;) {
      if (!this.use(trunk, 'the free list')) return
      const { bytes, base } = yield* stepTo(this.#pages, trunk)
      const leaves = readU32(bytes, base + 4)
      free += 1 + leaves
      if (leaves > usableBytes / 4 - 2) {
        this.report(`page ${trunk} of the free list names ${leaves} pages`)
        return
      }
      for (let i = 0; i < leaves; i++) this.use(readU32(bytes, base + 8 + 4 * i), 'the free list')
      trunk = readU32(bytes, base)
    }
    if (free !== header.freelistCount) {
      this.report(`the free list has ${free} pages, the header says ${header.freelistCount}`)
    }
  }

  /** Reports the pages nothing uses. */
  reportUnused(): void {
    for (let no = 1; no <= this.#pages.header.pageCount; no++) {
      if ((this.#used[no >>> 3]! & (1 << (no & 7))) === 0) this.report(`page ${no} is not used`)
    }
  }
}
