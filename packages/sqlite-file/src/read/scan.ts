import { invalidArgument, SqliteFileError } from '../error.js'
import type { FilePages } from '../pages/file-pages.js'
import type { Pages } from '../pages/pages.js'
import type { CellScan } from './cell-scan.js'
import { ReadAhead } from './read-ahead.js'

/** Options of a read. */
export interface ReadOptions {
  /** Stops waiting for the source. */
  readonly signal?: AbortSignal | undefined
}

/** Options of a scan of one shard. */
export interface ScanOptions extends ReadOptions {
  /** Descending key order. */
  readonly reverse?: boolean | undefined
  /** Bytes a scan holds of what it has fetched ahead; 1 MiB by default. */
  readonly readAheadBytes?: number | undefined
}

const DEFAULT_READ_AHEAD_BYTES = 1 << 20
const DEFAULT_ENTRIES = 1024
const DEFAULT_CHUNK_BYTES = 4 << 20

/** Entries in key order, a chunk at a time; as an iterable, its chunks. */
export class Scan<T> implements AsyncIterable<T> {
  readonly #file: FilePages
  readonly #pages: ReadAhead
  readonly #signal: AbortSignal | undefined
  #scan: CellScan<T> | undefined

  /** Made by the `scan` of a table or an index. */
  constructor(
    file: FilePages,
    { readAheadBytes = DEFAULT_READ_AHEAD_BYTES, signal }: ScanOptions,
    start: (pages: Pages) => CellScan<T>,
  ) {
    this.#file = file
    this.#pages = new ReadAhead(file, readAheadBytes)
    this.#scan = start(this.#pages)
    this.#signal = signal
  }

  /**
   * The next entries, at most `maxEntries`, fewer once they take `maxBytes`; `undefined` at the end and after.
   *
   * At once when nothing has to be fetched, else as a promise. A chunk may be shorter, never empty. One call at a time.
   */
  nextChunk(
    maxEntries = DEFAULT_ENTRIES,
    maxBytes = DEFAULT_CHUNK_BYTES,
  ): T | undefined | Promise<T | undefined> {
    const scan = this.#scan
    if (scan === undefined) return undefined
    checkOpen(this.#file)
    checkLimits(maxEntries, maxBytes)
    this.#signal?.throwIfAborted()
    const chunk = scan.next(maxEntries, maxBytes)
    if (chunk === null) return this.#wait(scan, maxEntries, maxBytes)
    this.#done(scan, chunk)
    return chunk
  }

  /** Releases the scan, also in the middle; idempotent. */
  close(): void {
    this.#scan = undefined
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
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

  async #wait(scan: CellScan<T>, maxEntries: number, maxBytes: number): Promise<T | undefined> {
    for (;;) {
      if (scan.lacksTree) await this.#pages.bringTree(scan.walk, this.#signal)
      else await this.#pages.bring(scan.lacking, this.#signal)
      if (this.#scan === undefined) return undefined
      checkOpen(this.#file)
      const chunk = scan.next(maxEntries, maxBytes)
      if (chunk === null) continue
      this.#done(scan, chunk)
      return chunk
    }
  }

  #done(scan: CellScan<T>, chunk: T | undefined): void {
    this.#pages.release()
    if (chunk === undefined) this.close()
    else this.#pages.pump(scan.walk)
  }
}

/** Entries in key order, a chunk at a time; as an iterable, its chunks. */
export class ScanSync<T> implements Iterable<T> {
  readonly #scan: CellScan<T>

  /** Made by the `scan` of a table or an index. */
  constructor(scan: CellScan<T>) {
    this.#scan = scan
  }

  /** As `Scan.nextChunk`, always at once. */
  nextChunk(maxEntries = DEFAULT_ENTRIES, maxBytes = DEFAULT_CHUNK_BYTES): T | undefined {
    checkLimits(maxEntries, maxBytes)
    return this.#scan.next(maxEntries, maxBytes) ?? undefined
  }

  *[Symbol.iterator](): Generator<T> {
    for (;;) {
      const chunk = this.nextChunk()
      if (chunk === undefined) return
      yield chunk
    }
  }
}

function checkLimits(maxEntries: number, maxBytes: number): void {
  if (Number.isSafeInteger(maxEntries) && maxEntries >= 1 && maxBytes >= 1) return
  throw invalidArgument(
    `nextChunk: expected maxEntries (an integer) and maxBytes to be at least 1, got ${maxEntries} and ${maxBytes}`,
  )
}

export function checkOpen(file: FilePages): void {
  if (file.isClosed) throw new SqliteFileError('CLOSED', 'sqlite-file: the file is closed')
}
