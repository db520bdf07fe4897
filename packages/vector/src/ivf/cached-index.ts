import type { Kernel } from '../kernel/kernel.js'
import { type CachedVectors, vectorCache } from '../search/vector-cache.js'
import type { IvfIndex } from './ivf-index.js'
import type { StoredIvf } from './ivf-tables.js'

/** The index of one shard: in memory if it fits the cache. */
export class CachedIndex implements CachedVectors {
  readonly #kernel: Kernel
  readonly #stored: StoredIvf
  #index: IvfIndex | undefined
  #loading: Promise<IvfIndex | undefined> | undefined
  #users = 0
  #isClosed = false
  #isDamaged = false

  constructor(kernel: Kernel, stored: StoredIvf) {
    this.#kernel = kernel
    this.#stored = stored
  }

  get bytes(): number {
    return this.#stored.bytes
  }

  get isBusy(): boolean {
    return this.#users > 0
  }

  /**
   * Runs `work` with the index, which may still load; it is `undefined` if it does not fit, or if its tables
   * contradict each other.
   */
  async use<T>(
    signal: AbortSignal | undefined,
    work: (index: Promise<IvfIndex | undefined>) => Promise<T>,
  ): Promise<T> {
    this.#users++
    try {
      return await work(this.#get(signal))
    } finally {
      this.#users--
      if (this.#isClosed && this.#users === 0) this.evict()
    }
  }

  evict(): void {
    vectorCache.forget(this)
    this.#index?.release()
    this.#index = undefined
  }

  close(): void {
    this.#isClosed = true
    if (this.#users === 0) this.evict()
  }

  #get(signal: AbortSignal | undefined): Promise<IvfIndex | undefined> {
    if (this.#index !== undefined) {
      vectorCache.touch(this)
      return Promise.resolve(this.#index)
    }
    if (this.#isDamaged) return Promise.resolve(undefined)
    this.#loading ??= this.#load(signal).finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  async #load(signal: AbortSignal | undefined): Promise<IvfIndex | undefined> {
    if (!vectorCache.admit(this)) return undefined
    try {
      this.#index = await this.#stored.load(this.#kernel, signal)
      return this.#index
    } catch (error) {
      vectorCache.forget(this)
      if (!isDamage(error)) throw error
      // Searches compute all distances instead.
      this.#isDamaged = true
      return undefined
    }
  }
}

function isDamage(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === 'RangeError'
}
