import { EntryChunk } from './entry-chunk.js'
import type { Awaitable } from './object-store.js'

/** Stored keys from `start` (included) to `end` (excluded), compared as unsigned bytes. */
export interface KeyRange {
  /** First key. */
  readonly start?: Uint8Array | undefined
  /** The key after the last one. */
  readonly end?: Uint8Array | undefined
}

/** Options of a scan of one shard. */
export interface ScanOptions {
  /** Descending key order. */
  readonly reverse?: boolean | undefined
  /**
   * Bytes fetched from the store at a time, after some requests of a scan; by default 256 KiB. The last request of a table
   * may be larger by half.
   */
  readonly readAheadBytes?: number | undefined
  /** Fetches that may be under way at the same time; by default 2. */
  readonly fetchTasks?: number | undefined
  /** Keeps what it reads in the cache as long as there is room; by default a scan leaves the cache as it is. */
  readonly keepBlocks?: boolean | undefined
}

const DEFAULT_ENTRIES = 1024
// Larger chunks leave the cache of the processor on their way.
const DEFAULT_BYTES = 1 << 20

/** A scan of the engine, without its types. */
export interface ScanSource {
  nextChunk(maxEntries: number, maxBytes: number): Awaitable<Uint8Array<ArrayBuffer> | undefined>
  close(): void
}

/** Entries in key order, a packed chunk at a time; as an iterable, its chunks. */
export class Scan implements AsyncIterable<EntryChunk> {
  #source: ScanSource | undefined

  /** Made by `SlateDbReader.scan`. */
  constructor(source: ScanSource) {
    this.#source = source
  }

  /**
   * The next entries, at most `maxEntries`, fewer once they take `maxBytes`; `undefined` at the end and after.
   *
   * One call at a time.
   */
  async nextChunk(
    maxEntries = DEFAULT_ENTRIES,
    maxBytes = DEFAULT_BYTES,
  ): Promise<EntryChunk | undefined> {
    const packed = await this.nextPacked(maxEntries, maxBytes)
    return packed === undefined ? undefined : new EntryChunk(packed.buffer)
  }

  /** The same in packed form: at once when nothing had to be fetched, else as a promise. */
  nextPacked(
    maxEntries: number,
    maxBytes = DEFAULT_BYTES,
  ): Awaitable<Uint8Array<ArrayBuffer> | undefined> {
    return this.#source?.nextChunk(maxEntries, maxBytes)
  }

  /** Releases the scan, also in the middle; idempotent. */
  close(): void {
    this.#source?.close()
    this.#source = undefined
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<EntryChunk> {
    try {
      for (;;) {
        const chunk = await this.nextChunk()
        if (chunk === undefined) return
        yield chunk
      }
    } finally {
      this.close()
    }
  }
}
