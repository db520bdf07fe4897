import type { EntryChunk } from '../../chunk/entry-chunk.js'
import { busy } from '../../errors/error-factories.js'
import type { Entry } from '../../types.js'
import { orAbort, throwIfAborted } from '../../async/abort.js'
import { closeOnce } from '../../async/close-once.js'
import type { ChunkSource } from '../../chunk/chunk-source.js'

export interface ScanIteratorOptions<T> {
  readonly where: string
  readonly chunkSize: number
  readonly limit: number | undefined
  readonly signal: AbortSignal | undefined
  /** Makes the result of `next()` from entry `i` of a chunk. */
  readonly decode: (chunk: EntryChunk, i: number) => T
}

// An abandoned scan, neither finished nor returned, must not hold its snapshot and its engine
// forever. Cloudflare Workers lack the class before the compatibility date 2025-05-05.
const abandoned =
  typeof FinalizationRegistry === 'undefined'
    ? undefined
    : new FinalizationRegistry<ChunkSource>((source) => {
        source.close().catch(() => {})
      })

/**
 * Yields the entries of a scan, one at a time or a packed chunk at a time.
 *
 * Shape: entries are views into their chunk and belong to the caller; about one chunk is in memory.
 * Errors: SHARD_BUSY if two calls overlap; SHARD_CLOSED if the reader was closed; the signal's
 * reason. Leaving a `for await` early, `return()` and disposing all release the engine's iterator.
 */
export class ScanIterator<T = Entry> implements AsyncIterableIterator<T>, AsyncDisposable {
  readonly #source: ChunkSource
  readonly #options: ScanIteratorOptions<T>
  readonly #close: () => Promise<void>
  #chunk: EntryChunk | undefined
  #index = 0
  #left: number
  #busy = false
  #done = false

  constructor(source: ChunkSource, options: ScanIteratorOptions<T>) {
    this.#source = source
    this.#options = options
    this.#left = options.limit ?? Number.POSITIVE_INFINITY
    abandoned?.register(this, source, this)
    this.#close = closeOnce(() => {
      abandoned?.unregister(this)
      return source.close()
    })
  }

  /** Number of shards that an unordered scan had finished before the last chunk. */
  get passed(): number {
    return this.#source.passed ?? 0
  }

  /** The next entry. Errors: SHARD_BUSY before the previous call has ended. */
  next(): Promise<IteratorResult<T, undefined>> {
    const chunk = this.#chunk
    // A buffered entry costs no more than a settled promise.
    if (chunk !== undefined && !this.#busy && this.#options.signal?.aborted !== true) {
      try {
        return Promise.resolve({ done: false, value: this.#take(chunk) })
      } catch (error) {
        return this.#fail(error)
      }
    }
    return this.#fetchAndTake()
  }

  /**
   * Returns the rest of the current chunk, or the next one, as the engine returned it; `undefined`
   * at the end.
   *
   * The chunk's buffer belongs to the caller and may be transferred.
   */
  async nextChunk(): Promise<EntryChunk | undefined> {
    if (this.#options.signal?.aborted === true) return this.#fetch()
    if (this.#chunk !== undefined && this.#index > 0) {
      // Entries were taken one by one; the rest of their chunk must not be lost.
      const rest = this.#chunk.slice(this.#index)
      this.#chunk = undefined
      return rest
    }
    const chunk = this.#chunk ?? (await this.#fetch())
    this.#chunk = undefined
    return chunk
  }

  /** The same as `for await`, but chunk by chunk. */
  async *chunks(): AsyncGenerator<EntryChunk, void, void> {
    try {
      for (
        let chunk = await this.nextChunk();
        chunk !== undefined;
        chunk = await this.nextChunk()
      ) {
        yield chunk
      }
    } finally {
      await this.return()
    }
  }

  /** Ends the scan and releases its iterators. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.#done = true
    this.#chunk = undefined
    await this.#close()
    return { done: true, value: undefined }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async #fetchAndTake(): Promise<IteratorResult<T, undefined>> {
    const chunk = await this.#fetch()
    if (chunk === undefined) return { done: true, value: undefined }
    this.#chunk = chunk
    this.#index = 0
    try {
      return { done: false, value: this.#take(chunk) }
    } catch (error) {
      return this.#fail(error)
    }
  }

  /** Ends the scan: a loop that receives an error does not call `return()`. */
  async #fail(reason: unknown): Promise<never> {
    this.#done = true
    this.#chunk = undefined
    // The caller must receive the error of the read; a failure to close would only repeat it.
    this.#close().catch(() => {})
    throw reason
  }

  #take(chunk: EntryChunk): T {
    const value = this.#options.decode(chunk, this.#index++)
    if (this.#index === chunk.count) this.#chunk = undefined
    return value
  }

  async #fetch(): Promise<EntryChunk | undefined> {
    const { where, chunkSize, signal } = this.#options
    if (this.#busy) {
      throw busy(where, 'wait for the previous next() before the next one')
    }
    if (this.#done) return undefined
    this.#busy = true
    try {
      throwIfAborted(signal)
      const max = Math.min(chunkSize, this.#left)
      const chunk = max === 0 ? undefined : await orAbort(this.#source.nextChunk(max), signal)
      // `return()` was called during the read.
      if (this.#done) return undefined
      if (chunk === undefined) {
        this.#done = true
        await this.#close()
        return undefined
      }
      this.#left -= chunk.count
      return chunk
    } catch (error) {
      return await this.#fail(error)
    } finally {
      this.#busy = false
    }
  }
}
