import { yieldIfDue } from '@shardyfusion/core/internal-vector'
import type { Kernel, RowBlock } from '../kernel/kernel.js'
import { type CachedVectors, vectorCache } from './vector-cache.js'

/** Blocks of rows as they come from storage. */
export interface BlockSource {
  readonly dimensions: number
  /** Rows of all blocks. */
  readonly count: number
  /** Calls `take` with the bytes of each block, in order. */
  read(
    signal: AbortSignal | undefined,
    take: (block: {
      readonly first: number
      readonly count: number
      readonly bytes: Uint8Array
    }) => void,
  ): AsyncIterable<void>
}

/**
 * The vectors of one shard: in the kernel's memory if they fit the cache, else read for each search.
 */
export class ShardVectors implements CachedVectors {
  readonly #kernel: Kernel
  readonly #source: BlockSource
  #blocks: RowBlock[] | undefined
  #loading: Promise<void> | undefined
  #users = 0
  #isClosed = false

  constructor(kernel: Kernel, source: BlockSource) {
    this.#kernel = kernel
    this.#source = source
  }

  get bytes(): number {
    return this.#source.count * (4 * this.#source.dimensions + 4)
  }

  get isBusy(): boolean {
    return this.#users > 0
  }

  /** Runs `work` while the vectors stay where they are. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    this.#users++
    try {
      return await work()
    } finally {
      this.#users--
      if (this.#isClosed && this.#users === 0) this.#free()
    }
  }

  /** Returns all blocks in memory; `undefined` if they do not fit. Call it within `use`. */
  async resident(signal: AbortSignal | undefined): Promise<readonly RowBlock[] | undefined> {
    if (this.#blocks === undefined) await this.#load(signal)
    else vectorCache.touch(this)
    return this.#blocks
  }

  /** Passes all blocks to `visit`, one after the other; it may take turns. Call it within `use`. */
  async each(
    signal: AbortSignal | undefined,
    visit: (block: RowBlock) => Promise<void>,
  ): Promise<void> {
    const blocks = await this.resident(signal)
    if (blocks !== undefined) {
      for (const block of blocks) await visit(block)
      return
    }
    const fresh: RowBlock[] = []
    try {
      for await (const _ of this.#source.read(signal, (given) => fresh.push(this.#place(given)))) {
        for (const block of fresh) await visit(block)
        for (const block of fresh.splice(0)) this.#release(block)
      }
    } finally {
      for (const block of fresh) this.#release(block)
    }
  }

  evict(): void {
    this.#free()
  }

  close(): void {
    this.#isClosed = true
    if (this.#users === 0) this.#free()
  }

  /** Loads all blocks; returns false if they do not fit. */
  async #load(signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#loading !== undefined) {
      await this.#loading.catch(() => {})
      return this.#blocks !== undefined
    }
    if (!vectorCache.admit(this)) return false
    this.#loading = this.#loadAll(signal)
    try {
      await this.#loading
      return true
    } catch (error) {
      vectorCache.forget(this)
      throw error
    } finally {
      this.#loading = undefined
    }
  }

  async #loadAll(signal: AbortSignal | undefined): Promise<void> {
    const blocks: RowBlock[] = []
    try {
      for await (const _ of this.#source.read(signal, (given) => blocks.push(this.#place(given))))
        await yieldIfDue()
      this.#blocks = blocks
    } catch (error) {
      for (const block of blocks) this.#release(block)
      throw error
    }
  }

  #place({ first, count, bytes }: { first: number; count: number; bytes: Uint8Array }): RowBlock {
    const kernel = this.#kernel
    const rows = kernel.reserve(bytes.length)
    const inverseNorms = kernel.reserve(4 * Math.max(4, count))
    rows.bytesView().set(bytes)
    const longest = kernel.inverseNorms(rows, count, this.#source.dimensions, inverseNorms)
    return { rows, inverseNorms, count, first, longest }
  }

  #release({ rows, inverseNorms }: RowBlock): void {
    this.#kernel.release(rows)
    this.#kernel.release(inverseNorms)
  }

  #free(): void {
    vectorCache.forget(this)
    for (const block of this.#blocks ?? []) this.#release(block)
    this.#blocks = undefined
  }
}
