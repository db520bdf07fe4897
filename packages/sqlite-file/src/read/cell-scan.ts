import type { Page } from '../pages/page.js'
import type { Pages } from '../pages/pages.js'
import { chainGuess, chainLength, readCell } from './cell.js'
import type { Walk } from './walk.js'

/** Turns cells into chunks of one kind. */
export interface Collector<T> {
  /** Entries and bytes of the chunk under way. */
  readonly count: number
  readonly bytes: number
  /** Starts a chunk of about that size. */
  begin(maxEntries: number, maxBytes: number): void
  /** Adds a cell, or gives the pages its record lacks. */
  add(pages: Pages, page: Page, i: number): readonly number[] | undefined
  /** The chunk, which is not empty. */
  finish(): T
}

/** Bytes of overflow pages a pause asks for, for the rows that come next. */
const AHEAD_BYTES = 1 << 20

/** A scan over a tree: collects what is in memory, and says which pages it lacks. */
export class CellScan<T> {
  readonly #pages: Pages
  readonly #reverse: boolean
  readonly #collector: Collector<T>
  readonly walk: Walk
  #hasCells = false
  #isDone = false
  lacking: readonly number[] = []
  /** True if what lacks are pages of the tree, not of the chains of its rows. */
  lacksTree = false

  constructor(pages: Pages, walk: Walk, collector: Collector<T>, reverse: boolean) {
    this.#pages = pages
    this.walk = walk
    this.#collector = collector
    this.#reverse = reverse
  }

  /**
   * The next entries: at most `maxEntries`, fewer once they take `maxBytes`; `undefined` at the end; null when pages
   * are lacking and nothing could be collected before them.
   */
  next(maxEntries: number, maxBytes: number): T | undefined | null {
    if (this.#isDone) return undefined
    const collector = this.#collector
    collector.begin(maxEntries, maxBytes)
    for (;;) {
      if (!this.#hasCells) {
        const stop = this.walk.advance()
        if (stop !== 'cells') return this.#stopped(stop === 'end')
        this.#hasCells = true
      }
      if (!this.#collect(maxEntries, maxBytes))
        return collector.count > 0 ? collector.finish() : null
      this.#hasCells = false
      if (collector.count >= maxEntries || collector.bytes >= maxBytes) return collector.finish()
    }
  }

  #stopped(isEnd: boolean): T | undefined | null {
    this.#isDone = isEnd
    this.lacking = this.walk.lacking
    this.lacksTree = !isEnd
    if (this.#collector.count > 0) return this.#collector.finish()
    return isEnd ? undefined : null
  }

  /** Collects the cells of the walk's stop; false if some are left. */
  #collect(maxEntries: number, maxBytes: number): boolean {
    const { walk } = this
    const collector = this.#collector
    const page = walk.page!
    while (walk.from < walk.to) {
      if (collector.count >= maxEntries || collector.bytes >= maxBytes) return false
      const lacking = collector.add(this.#pages, page, this.#reverse ? walk.to - 1 : walk.from)
      if (lacking !== undefined) {
        // A chunk that has entries goes out first; only an empty one has to wait.
        if (collector.count === 0) this.#lackChains(page, lacking)
        return false
      }
      if (this.#reverse) walk.to--
      else walk.from++
    }
    return true
  }

  /** Asks for the rest of a record, and for those of the rows behind it on the page. */
  #lackChains(page: Page, first: readonly number[]): void {
    const { walk } = this
    const lacking = [...first]
    const most = AHEAD_BYTES / this.#pages.header.pageSize
    for (let n = 1; n < walk.to - walk.from && lacking.length < most; n++) {
      const next = readCell(this.#pages, page, this.#reverse ? walk.to - 1 - n : walk.from + n)
      if (next.overflow === 0) continue
      const guess = chainGuess(this.#pages, next.overflow, chainLength(this.#pages, next))
      for (const no of guess) lacking.push(no)
    }
    this.lacking = lacking
    this.lacksTree = false
  }
}
