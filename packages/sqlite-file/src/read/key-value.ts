import { invalidArgument } from '../error.js'
import type { FilePages } from '../pages/file-pages.js'
import type { Pages } from '../pages/pages.js'
import { runAll } from '../pages/run-async.js'
import type { EntryChunk } from './entry-chunk.js'
import { findValue, peekValue } from './key-value-reader.js'
import { CellScan } from './cell-scan.js'
import { EntryCollector } from './entry-collector.js'
import { BlobProbe } from './probe.js'
import { checkOpen, type ReadOptions, Scan, type ScanOptions, ScanSync } from './scan.js'
import { Walk } from './walk.js'
import { isBytes } from '../is-bytes.js'

/** Keys from `start` (included) to `end` (excluded), compared as unsigned bytes. */
export interface KeyRange {
  /** First key. */
  readonly start?: Uint8Array | undefined
  /** The key after the last one. */
  readonly end?: Uint8Array | undefined
}

function entryScan(
  pages: Pages,
  root: number,
  { start, end }: KeyRange,
  { reverse = false }: ScanOptions,
): CellScan<EntryChunk> {
  if (start !== undefined) checkKey(start)
  if (end !== undefined) checkKey(end)
  const low = start === undefined ? undefined : new BlobProbe(start)
  const high = end === undefined ? undefined : new BlobProbe(end)
  const walk = new Walk(pages, root, 'index', { low, high }, reverse)
  return new CellScan(pages, walk, new EntryCollector(reverse, pages.header.usableBytes), reverse)
}

/**
 * A WITHOUT ROWID table of a blob key and a value, read by range.
 *
 * Values are copies and belong to the caller; texts are their stored bytes. Keys are compared as unsigned bytes.
 */
export class KeyValueTable {
  readonly #file: FilePages
  readonly #root: number

  /** Made by `SqliteFile.keyValue`. */
  constructor(file: FilePages, root: number) {
    this.#file = file
    this.#root = root
  }

  /** The value of a key from the cache: `undefined` if the table lacks the key, null if a page has to be fetched. */
  peek(key: Uint8Array): Uint8Array | undefined | null {
    checkOpen(this.#file)
    checkKey(key)
    return peekValue(this.#file, this.#root, key)
  }

  /** The value of a key, or `undefined`. */
  async get(key: Uint8Array, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    const value = this.peek(key)
    return value === null ? (await this.#find([key], options))[0] : value
  }

  /** Values in the order of the keys: one round trip for each level of the tree that is not cached. */
  async getMany(
    keys: readonly Uint8Array[],
    options: ReadOptions = {},
  ): Promise<(Uint8Array | undefined)[]> {
    const values: (Uint8Array | undefined)[] = []
    const lacking: number[] = []
    for (let i = 0; i < keys.length; i++) {
      const value = this.peek(keys[i]!)
      if (value === null) lacking.push(i)
      values.push(value ?? undefined)
    }
    if (lacking.length > 0) {
      const found = await this.#find(
        lacking.map((i) => keys[i]!),
        options,
      )
      for (const [n, i] of lacking.entries()) values[i] = found[n]
    }
    return values
  }

  /** Entries in key order, a packed chunk at a time. Nothing is read before the first chunk is asked for. */
  scan(range: KeyRange = {}, options: ScanOptions = {}): Scan<EntryChunk> {
    checkOpen(this.#file)
    return new Scan(this.#file, options, (pages) => entryScan(pages, this.#root, range, options))
  }

  #find(keys: readonly Uint8Array[], { signal }: ReadOptions): Promise<(Uint8Array | undefined)[]> {
    const root = this.#root
    return runAll(this.#file, (pages) => keys.map((key) => findValue(pages, root, key)), signal)
  }
}

/** The same table of a file whose bytes are in memory, without promises. */
export class KeyValueTableSync {
  readonly #pages: Pages
  readonly #root: number

  /** Made by `SqliteImage.keyValue`. */
  constructor(pages: Pages, root: number) {
    this.#pages = pages
    this.#root = root
  }

  /** The value of a key, or `undefined`. */
  get(key: Uint8Array): Uint8Array | undefined {
    checkKey(key)
    return peekValue(this.#pages, this.#root, key) ?? undefined
  }

  /** The values of keys, in their order. */
  getMany(keys: readonly Uint8Array[]): (Uint8Array | undefined)[] {
    return keys.map((key) => this.get(key))
  }

  /** The entries of a range, in chunks. */
  scan(range: KeyRange = {}, options: ScanOptions = {}): ScanSync<EntryChunk> {
    return new ScanSync(entryScan(this.#pages, this.#root, range, options))
  }
}

function checkKey(key: Uint8Array): void {
  if (isBytes(key)) return
  throw invalidArgument(
    `sqlite-file: keyValue: expected a key to be a Uint8Array, got ${typeof key}; encode it first`,
  )
}
