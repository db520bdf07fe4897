import { damaged } from '../error.js'
import { childOf, type Page } from '../pages/page.js'
import { MAX_DEPTH, type Pages } from '../pages/pages.js'
import { checkTreePage, tooDeep, type TreeKind } from './descend.js'
import { lowerBound, type Probe } from './probe.js'

/** The next stop of a walk: cells to take, the end, or pages that are lacking. */
export type Stop = 'cells' | 'end' | 'lacking'

interface Frame {
  readonly page: Page
  /** The child the walk is in, or has left. */
  child: number
}

/**
 * A walk over the records of a tree in key order, or against it.
 *
 * At each stop `cells` the records are those of `page` from `from` up to `to`; a walk against the order takes them
 * from the end. Nothing but its own position is kept, so it can pause anywhere.
 */
export class Walk {
  readonly #pages: Pages
  readonly #kind: TreeKind
  readonly #reverse: boolean
  readonly #first: Probe | undefined
  readonly #last: Probe | undefined
  readonly #frames: Frame[] = []
  #next: number | undefined
  #seeking = true
  #visited = 0
  #leafDepth = -1
  #isDone = false
  page: Page | undefined
  from = 0
  to = 0
  lacking: readonly number[] = []

  /** Cells from `low` (included) up to `high` (excluded). */
  constructor(
    pages: Pages,
    root: number,
    kind: TreeKind,
    bounds: { readonly low?: Probe | undefined; readonly high?: Probe | undefined },
    reverse = false,
  ) {
    this.#pages = pages
    this.#kind = kind
    this.#reverse = reverse
    this.#first = reverse ? bounds.high : bounds.low
    this.#last = reverse ? bounds.low : bounds.high
    this.#next = root
  }

  advance(): Stop {
    for (;;) {
      if (this.#isDone) return 'end'
      const stop = this.#next === undefined ? this.#leave() : this.#enter(this.#next)
      if (stop !== undefined) return stop
    }
  }

  /** Goes down to a page. */
  #enter(no: number): Stop | undefined {
    const page = this.#pages.page(no)
    if (page === undefined) return this.#lack([no])
    checkTreePage(page, this.#kind)
    let at = this.#reverse ? page.count : 0
    if (this.#seeking && this.#first !== undefined) {
      at = lowerBound(this.#pages, page, this.#first)
      if (at < 0) return this.#lack(this.#first.lacking)
    }
    if (page.isLeaf) {
      const stop = this.#enterLeaf(page, at)
      if (stop === 'lacking') return stop
      this.#count(no)
      this.#seeking = false
      this.#next = undefined
      return stop
    }
    this.#count(no)
    if (this.#frames.length >= MAX_DEPTH) throw tooDeep(no)
    this.#frames.push({ page, child: at })
    this.#next = childOf(page, at)
    return undefined
  }

  #enterLeaf(page: Page, at: number): Stop | undefined {
    if (this.#leafDepth < 0) this.#leafDepth = this.#frames.length
    else if (this.#leafDepth !== this.#frames.length) {
      throw damaged(page.no, 'it is a leaf on another level than those before it')
    }
    return this.#reverse ? this.#take(page, 0, at) : this.#take(page, at, page.count)
  }

  /** Leaves the child that is done: for the cell next to it and the next child, or for the page above. */
  #leave(): Stop | undefined {
    const frame = this.#frames.at(-1)
    if (frame === undefined) {
      this.#isDone = true
      return 'end'
    }
    const { page, child } = frame
    if (child === (this.#reverse ? 0 : page.count)) {
      this.#frames.pop()
      return undefined
    }
    const cell = this.#reverse ? child - 1 : child
    const stop = this.#kind === 'index' ? this.#take(page, cell, cell + 1) : undefined
    if (stop === 'lacking') return stop
    frame.child += this.#reverse ? -1 : 1
    this.#next = childOf(page, frame.child)
    return stop
  }

  /** Cells `from` to `to` of a page, up to the end of the range. */
  #take(page: Page, from: number, to: number): Stop | undefined {
    let [low, high] = [from, to]
    if (this.#last !== undefined) {
      const bound = lowerBound(this.#pages, page, this.#last)
      if (bound < 0) return this.#lack(this.#last.lacking)
      if (this.#reverse ? bound > low : bound < high) this.#isDone = true
      if (this.#reverse) low = Math.max(low, bound)
      else high = Math.min(high, bound)
    }
    if (low >= high) return undefined
    this.page = page
    this.from = low
    this.to = high
    return 'cells'
  }

  #lack(pages: readonly number[]): Stop {
    this.lacking = pages
    return 'lacking'
  }

  #count(no: number): void {
    if (++this.#visited > this.#pages.header.pageCount) {
      throw damaged(no, 'the b-tree refers to pages more than once')
    }
  }

  /**
   * The pages this walk comes to next, at most `most`: leaves, and interior pages where it cannot see further.
   *
   * Pages outside the range are left out where the interior pages in memory show that.
   */
  upcoming(most: number): number[] {
    const numbers: number[] = []
    if (this.#isDone) return numbers
    const seeking = this.#seeking && this.#next !== undefined
    if (this.#next !== undefined)
      this.#addBelow(this.#next, this.#frames.length, most, numbers, seeking)
    for (let level = this.#frames.length - 1; level >= 0; level--) {
      const { page, child } = this.#frames[level]!
      const step = this.#reverse ? -1 : 1
      if (!this.#addChildren(page, child + step, level + 1, most, numbers)) break
    }
    return numbers.filter((no) => no >= 1 && no <= this.#pages.header.pageCount)
  }

  /** Adds what is below the children of a page from `child` on; false once enough is known or the range ends. */
  #addChildren(page: Page, child: number, depth: number, most: number, into: number[]): boolean {
    const bound = this.#last === undefined ? undefined : lowerBound(this.#pages, page, this.#last)
    const end = this.#reverse ? Math.max(0, bound ?? 0) : Math.min(page.count, bound ?? page.count)
    const isCut = bound !== undefined && (this.#reverse ? bound > 0 : bound < page.count)
    const step = this.#reverse ? -1 : 1
    for (let i = child; this.#reverse ? i >= end : i <= end; i += step) {
      if (into.length >= most) return false
      this.#addBelow(childOf(page, i), depth, most, into, false)
    }
    return !isCut
  }

  #addBelow(no: number, depth: number, most: number, into: number[], seeking: boolean): void {
    if (into.length >= most) return
    // Wrong page numbers count as well: each call adds at least one, so that a damaged tree ends it too.
    const isLeaf = depth > MAX_DEPTH || (this.#leafDepth >= 0 && depth >= this.#leafDepth)
    const isValid = no >= 1 && no <= this.#pages.header.pageCount
    const page = isLeaf || !isValid ? undefined : this.#pages.page(no)
    if (page === undefined || page.type !== (this.#kind === 'index' ? 2 : 5)) {
      into.push(no)
      return
    }
    let first = this.#reverse ? page.count : 0
    if (seeking && this.#first !== undefined) {
      first = Math.max(0, lowerBound(this.#pages, page, this.#first))
    }
    this.#addChildren(page, first, depth + 1, most, into)
  }
}
