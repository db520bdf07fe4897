import type { FilePages } from '../pages/file-pages.js'
import type { Page } from '../pages/page.js'
import { pageCache } from '../pages/page-cache.js'
import type { Pages } from '../pages/pages.js'
import { abortable } from '../pages/run-async.js'
import type { Walk } from './walk.js'

/** Bytes of the first fetch of a scan; each later one is twice as large, up to the limit. */
const FIRST_FETCH_BYTES = 64 << 10
const FETCHES_AT_A_TIME = 2
/** A scan that has fetched more than this share of the cache leaves it to others. */
const CACHE_SHARE = 1 / 8

/** The pages of a scan: cached ones, and those fetched ahead for it. */
export class ReadAhead implements Pages {
  readonly #file: FilePages
  readonly #most: number
  readonly #held = new Map<number, Page>()
  readonly #pending = new Map<number, Promise<void>>()
  #fetches = 0
  #fetchPages: number
  #fetched = 0
  #isCold = false
  #error: { readonly reason: unknown } | undefined

  constructor(file: FilePages, readAheadBytes: number) {
    this.#file = file
    const { pageSize } = file.header
    this.#most = Math.max(1, Math.floor(readAheadBytes / pageSize))
    this.#fetchPages = Math.min(this.#most, Math.max(1, FIRST_FETCH_BYTES / pageSize))
  }

  get header() {
    return this.#file.header
  }

  page(no: number): Page | undefined {
    const page = this.#file.page(no) ?? this.#held.get(no)
    if (page !== undefined && page.uses === 0) page.uses = 1
    return page
  }

  /** Forgets the pages that have been used. */
  release(): void {
    for (const [no, page] of this.#held) if (page.uses > 0) this.#held.delete(no)
  }

  /** Fetches what is lacking, and waits for it. */
  async bring(lacking: readonly number[], signal: AbortSignal | undefined): Promise<void> {
    const wanted = lacking.filter((no) => !this.#has(no))
    if (wanted.length > 0) void this.#fetch(wanted)
    const waits = new Set<Promise<void>>()
    for (const no of lacking) {
      const pending = this.#pending.get(no)
      if (pending !== undefined) waits.add(pending)
    }
    await abortable(Promise.all(waits), signal)
    if (this.#error !== undefined) throw this.#error.reason
  }

  /** Fetches the pages that lack for a walk together with those behind them, and waits for the former. */
  async bringTree(walk: Walk, signal: AbortSignal | undefined): Promise<void> {
    this.#isCold = true
    const [first] = walk.lacking
    if (first !== undefined && !this.#has(first)) {
      const next = this.#upcoming(walk)
      void this.#fetch(next.includes(first) ? next : [...walk.lacking, ...next])
    }
    await this.bring(walk.lacking, signal)
    this.pump(walk)
  }

  /** Starts to fetch what comes next, if there is room for it. */
  pump(walk: Walk): void {
    if (!this.#isCold) return
    while (this.#fetches < FETCHES_AT_A_TIME) {
      if (this.#held.size + this.#pending.size > this.#most / 2) return
      const next = this.#upcoming(walk)
      if (next.length === 0) return
      void this.#fetch(next)
    }
  }

  #upcoming(walk: Walk): number[] {
    const lacking = walk.upcoming(this.#most).filter((no) => !this.#has(no))
    return lacking.slice(0, this.#fetchPages)
  }

  #has(no: number): boolean {
    return this.#file.has(no) || this.#held.has(no) || this.#pending.has(no)
  }

  async #fetch(numbers: readonly number[]): Promise<void> {
    const { pageSize } = this.#file.header
    const cache = this.#fetched * pageSize < pageCache.budget * CACHE_SHARE
    this.#fetched += numbers.length
    this.#fetchPages = Math.min(this.#most, 2 * this.#fetchPages)
    this.#fetches++
    const into = new Map<number, Page>()
    const done = this.#file.load(numbers, into, cache).then(
      () => {
        for (const [no, page] of into) {
          // Fetched and not yet used.
          page.uses = 0
          this.#held.set(no, page)
        }
      },
      (reason: unknown) => {
        this.#error ??= { reason }
      },
    )
    for (const no of numbers) this.#pending.set(no, done)
    await done
    this.#fetches--
    for (const no of numbers) this.#pending.delete(no)
  }
}
