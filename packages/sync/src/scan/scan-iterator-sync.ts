import type { Entry, EntryChunk } from '@shardyfusion/core'
import { throwIfAborted } from '@shardyfusion/core/internal'
import type { BridgeHandle } from '../bridge/bridge-handle.js'
import type { CallOptions } from '../options.js'
import { ScanSource } from './scan-source.js'

export interface ScanIteratorSyncOptions<T> extends CallOptions {
  /** Throws when the reader was closed. */
  readonly requireOpen: () => void
  /** Makes what `next()` yields from entry `i` of a chunk. */
  readonly decode: (chunk: EntryChunk, i: number) => T
}

/**
 * Entries of a scan, one at a time or a packed chunk at a time; the worker reads the next chunks in the background.
 *
 * Shape: entries are views into their chunk and belong to the caller; memory held is about `bufferBytes`.
 * Errors: SHARD_CLOSED when the reader was closed; SHARD_TIMEOUT; the signal's reason.
 * Leaving a `for … of` early, `return()` and disposing all release the engine's iterator.
 */
export class ScanIteratorSync<T = Entry> implements IterableIterator<T>, Disposable {
  readonly #handle: BridgeHandle
  readonly #source: ScanSource
  readonly #options: ScanIteratorSyncOptions<T>
  #chunk: EntryChunk | undefined
  #index = 0
  #done = false

  constructor(handle: BridgeHandle, options: ScanIteratorSyncOptions<T>) {
    this.#handle = handle
    this.#source = new ScanSource(handle.bridge, handle.id, handle.options.bufferBytes)
    this.#options = options
    handle.ownedBy(this)
  }

  /** The next entry. */
  next(): IteratorResult<T, undefined> {
    const { signal, decode } = this.#options
    try {
      throwIfAborted(signal)
      const chunk = (this.#chunk ??= this.#fetch())
      if (chunk === undefined) return { done: true, value: undefined }
      const value = decode(chunk, this.#index++)
      if (this.#index === chunk.count) this.#forget()
      return { done: false, value }
    } catch (error) {
      throw this.#failed(error)
    }
  }

  /**
   * The rest of the current chunk, or the next one, as it came from the engine; `undefined` at the end.
   *
   * The chunk's buffer belongs to the caller and may be transferred.
   */
  nextChunk(): EntryChunk | undefined {
    try {
      throwIfAborted(this.#options.signal)
      const chunk = this.#chunk ?? this.#fetch()
      // Entries were taken one by one; the rest of their chunk must not be lost.
      const rest = this.#index > 0 ? chunk?.slice(this.#index) : chunk
      this.#forget()
      return rest
    } catch (error) {
      throw this.#failed(error)
    }
  }

  /** The same as `for … of`, but chunk by chunk. */
  *chunks(): Generator<EntryChunk, void, void> {
    try {
      for (let chunk = this.nextChunk(); chunk !== undefined; chunk = this.nextChunk()) yield chunk
    } finally {
      this.return()
    }
  }

  /** Ends the scan and releases its iterators. */
  return(): IteratorResult<T, undefined> {
    this.#done = true
    this.#forget()
    this.#source.close()
    this.#handle.close()
    return { done: true, value: undefined }
  }

  [Symbol.dispose](): void {
    this.return()
  }

  [Symbol.iterator](): this {
    return this
  }

  #fetch(): EntryChunk | undefined {
    if (this.#done) return undefined
    this.#options.requireOpen()
    const chunk = this.#source.nextChunk(this.#handle.limits('next', this.#options))
    if (chunk === undefined) this.return()
    return chunk
  }

  #forget(): void {
    this.#chunk = undefined
    this.#index = 0
  }

  /** Ends the scan: a loop that gets the error does not call `return()`. */
  #failed(error: unknown): unknown {
    try {
      this.return()
    } catch {
      // The caller must get the error of the read.
    }
    return error
  }
}
