import { invalidArgument } from '../error.js'
import type { Page } from './page.js'

/** The file a cached page belongs to. */
export interface PageOwner {
  /** Forgets a page the cache has no room for. */
  drop(page: Page): void
}

interface Held {
  readonly page: Page
  readonly owner: PageOwner
  readonly bytes: number
}

/** The share of the budget for pages that have been used once. */
const SMALL_SHARE = 0.1
const DEFAULT_BUDGET_BYTES = 64 << 20
const COMPACT_AFTER = 1024

/**
 * The pages of all files, within one budget of bytes.
 *
 * Two queues: pages enter the small one and move to the main one if they are used again before their turn comes.
 * So pages that are read once, as in a scan, do not displace those in use. Interior pages enter the main queue.
 */
class PageCache {
  #budget = DEFAULT_BUDGET_BYTES
  readonly #small = new Queue()
  readonly #main = new Queue()

  get budget(): number {
    return this.#budget
  }

  set budget(bytes: number) {
    this.#budget = bytes
    this.#evict()
  }

  get bytes(): number {
    return this.#small.bytes + this.#main.bytes
  }

  get pages(): number {
    return this.#small.length + this.#main.length
  }

  /** Takes a page in; false if the budget has no room for any. */
  add(page: Page, owner: PageOwner, bytes: number): boolean {
    if (bytes > this.#budget) return false
    const queue = page.isInterior ? this.#main : this.#small
    queue.push({ page, owner, bytes })
    this.#evict()
    return true
  }

  /** Forgets all pages of a file. */
  close(owner: PageOwner): void {
    this.#small.removeAll(owner)
    this.#main.removeAll(owner)
  }

  #evict(): void {
    while (this.bytes > this.#budget) {
      const small = this.#small.bytes > this.#budget * SMALL_SHARE || this.#main.length === 0
      const queue = small ? this.#small : this.#main
      const held = queue.shift()!
      // The first use is the one the page was fetched for.
      if (held.page.uses > (small ? 1 : 0)) {
        // Each turn in the main queue costs a page one of its uses, so this ends.
        held.page.uses = small ? 0 : held.page.uses - 1
        this.#main.push(held)
      } else held.owner.drop(held.page)
    }
  }
}

/** First in, first out, in an array whose start moves. */
class Queue {
  bytes = 0
  #items: (Held | undefined)[] = []
  #start = 0

  get length(): number {
    return this.#items.length - this.#start
  }

  push(held: Held): void {
    this.#items.push(held)
    this.bytes += held.bytes
  }

  shift(): Held | undefined {
    const held = this.#items[this.#start]
    if (held === undefined) return undefined
    this.#items[this.#start++] = undefined
    this.bytes -= held.bytes
    if (this.#start >= COMPACT_AFTER && this.#start * 2 >= this.#items.length) this.#compact()
    return held
  }

  removeAll(owner: PageOwner): void {
    this.#items = this.#items.filter((held) => held !== undefined && held.owner !== owner)
    this.#start = 0
    this.bytes = 0
    for (const held of this.#items) this.bytes += held!.bytes
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#start)
    this.#start = 0
  }
}

/** The one cache of this process or worker. */
export const pageCache = new PageCache()

/** The content of the page cache. */
export interface CacheStats {
  /** Bytes in the cache. */
  readonly bytes: number
  /** Pages in the cache. */
  readonly pages: number
  /** Bytes that the cache may use. */
  readonly budgetBytes: number
}

/** Sets the budget of the page cache that all open files share, in bytes; 64 MiB by default. Errors: INVALID_ARGUMENT. */
export function setCacheBudget(bytes: number): void {
  if (!(Number.isFinite(bytes) && bytes >= 0)) {
    throw invalidArgument(
      `setCacheBudget: expected bytes to be a number of 0 or more, got ${bytes}`,
    )
  }
  pageCache.budget = bytes
}

/** Bytes and pages in the cache that all open files share. */
export function cacheStats(): CacheStats {
  return { bytes: pageCache.bytes, pages: pageCache.pages, budgetBytes: pageCache.budget }
}
