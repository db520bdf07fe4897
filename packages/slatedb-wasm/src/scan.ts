import type { Reader, Scan as EngineScan } from '../wasm/slatedb.js'
import { EntryChunk } from './entry-chunk.js'
import type { Instance } from './instance.js'
import type { Awaitable } from './object-store.js'

/** Stored keys from `start` (included) to `end` (excluded), compared as unsigned bytes. */
export interface KeyRange {
  readonly start?: Uint8Array | undefined
  readonly end?: Uint8Array | undefined
}

export interface ScanOptions {
  /** Descending key order. */
  readonly reverse?: boolean | undefined
  /** Bytes fetched from the store at a time; by default 256 KiB. */
  readonly readAheadBytes?: number | undefined
  /** Fetches that may be under way at the same time; by default 2. */
  readonly fetchTasks?: number | undefined
}

const DEFAULT_ENTRIES = 1024
const DEFAULT_BYTES = 4 << 20
const DEFAULT_READ_AHEAD_BYTES = 256 << 10
const DEFAULT_FETCH_TASKS = 2

/** Entries in key order, a packed chunk at a time; as an iterable, its chunks. */
export class Scan implements AsyncIterable<EntryChunk> {
  readonly #instance: Instance
  #scan: EngineScan | undefined

  /** Made by `SlateDbReader.scan`. */
  constructor(instance: Instance, reader: Reader, range: KeyRange, options: ScanOptions) {
    this.#instance = instance
    this.#scan = instance.host.enter(() =>
      reader.scan(
        range.start,
        range.end,
        options.reverse === true,
        options.readAheadBytes ?? DEFAULT_READ_AHEAD_BYTES,
        options.fetchTasks ?? DEFAULT_FETCH_TASKS,
      ),
    )
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
    const scan = this.#scan
    if (scan === undefined) return undefined
    return this.#instance.host.enter(() => scan.nextChunk(maxEntries, maxBytes)) as Awaitable<
      Uint8Array<ArrayBuffer> | undefined
    >
  }

  /** Releases the scan, also in the middle; idempotent. */
  close(): void {
    this.#scan?.free()
    this.#scan = undefined
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
