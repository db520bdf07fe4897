import { yieldIfDue } from '@shardyfusion/core/internal-vector'
import { encodedBytes, type Kernel, type RowBlock } from '../kernel/kernel.js'
import { type CachedVectors, vectorCache } from './vector-cache.js'

/** Shards with fewer bytes of vectors are searched about as fast without codes. */
const CODED_BYTES = 4 << 20

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
  /** Whether vectors in memory have codes. */
  #hasCodes = false

  constructor(kernel: Kernel, source: BlockSource) {
    this.#kernel = kernel
    this.#source = source
  }

  get bytes(): number {
    const { count, dimensions } = this.#source
    return count * (4 * dimensions + 4) + (this.#hasCodes ? encodedBytes(count, dimensions) : 0)
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
    const { count, dimensions } = this.#source
    const isLarge = 4 * count * dimensions >= CODED_BYTES
    this.#hasCodes = isLarge && this.#kernel.kind !== 'javascript'
    // Vectors in memory without codes are searched faster than vectors in storage.
    if (this.bytes > vectorCache.budgetBytes) this.#hasCodes = false
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
      for await (const _ of this.#source.read(signal, (given) =>
        blocks.push(this.#place(given, this.#hasCodes)),
      ))
        await yieldIfDue()
      this.#blocks = blocks
    } catch (error) {
      for (const block of blocks) this.#release(block)
      throw error
    }
  }

  #place(
    { first, count, bytes }: { first: number; count: number; bytes: Uint8Array },
    hasCodes = false,
  ): RowBlock {
    const kernel = this.#kernel
    const { dimensions } = this.#source
    const rows = kernel.reserve(bytes.length)
    const inverseNorms = kernel.reserve(4 * Math.max(4, count))
    rows.bytesView().set(bytes)
    const longest = kernel.inverseNorms(rows, count, dimensions, inverseNorms)
    const codes = hasCodes ? kernel.encode(rows, count, dimensions) : undefined
    return { rows, inverseNorms, count, first, longest, codes }
  }

  #release({ rows, inverseNorms, codes }: RowBlock): void {
    for (const region of [rows, inverseNorms, codes])
      if (region !== undefined) this.#kernel.release(region)
  }

  #free(): void {
    vectorCache.forget(this)
    for (const block of this.#blocks ?? []) this.#release(block)
    this.#blocks = undefined
  }
}
