import type { Reader } from '../wasm/slatedb.js'
import { packByteList, unpackByteList } from './byte-list.js'
import { SlateDbError } from './error.js'
import { loadEngine, type Instance } from './instance.js'
import type { Awaitable, ObjectStore } from './object-store.js'
import { Scan, type KeyRange, type ScanOptions } from './scan.js'

const DEFAULT_READ_AHEAD_BYTES = 256 << 10
const DEFAULT_FETCH_TASKS = 2

export interface ReaderOptions {
  /** The store whose root is the database; only `get`, `head` and `list` are called. */
  readonly store: ObjectStore
  /** How often a failing callback is called again before the error is reported; by default never. */
  readonly maxRetries?: number | undefined
  /**
   * Ends of tables, with their filters and indexes, to fetch along with the manifest: up to so many bytes, and nothing
   * if it were more. Spares the first lookup a wait; by default 0.
   */
  readonly prefetchBytes?: number | undefined
}

/**
 * Reads a complete database and writes nothing to its store.
 *
 * It sees what was stored when it was opened. Blocks it has fetched stay in the cache all readers share.
 * Errors: `SlateDbError`; kind NotFound from `open` when there is no database.
 */
export class SlateDbReader {
  readonly #instance: Instance
  readonly #store: number
  #reader: Reader | undefined
  #closing: Promise<void> | undefined

  private constructor(instance: Instance, store: number, reader: Reader) {
    this.#instance = instance
    this.#store = store
    this.#reader = reader
  }

  static async open(options: ReaderOptions): Promise<SlateDbReader> {
    const instance = await loadEngine()
    const { host, module } = instance
    const store = host.addStore(options.store)
    try {
      const opened: Awaitable<Reader> = host.enter(() =>
        module.openReader(store, options.maxRetries ?? 0, options.prefetchBytes ?? 0),
      )
      return new SlateDbReader(instance, store, await opened)
    } catch (error) {
      host.removeStore(store)
      throw error
    }
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const value = this.peek(key)
    if (value !== null) return value
    return unpackByteList(await this.getManyPacked(packByteList([key])))[0]
  }

  /**
   * The value of a key as far as it can be told at once: `undefined` if there is no such key, `null` if the store
   * would have to be asked, which `get` does.
   */
  peek(key: Uint8Array): Uint8Array | undefined | null {
    const reader = this.#open('peek')
    return this.#instance.host.enter(() => reader.peek(key) as Uint8Array | undefined | null)
  }

  /** Values in the order of `keys`; `undefined` where there is no such key. */
  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return unpackByteList(await this.getManyPacked(packByteList(keys)))
  }

  /**
   * The same in packed form: at once when everything is in the cache, else as a promise.
   *
   * Shape: see `packByteList` and `unpackByteList`.
   */
  getManyPacked(keys: Uint8Array): Awaitable<Uint8Array> {
    const reader = this.#open('getMany')
    return this.#instance.host.enter(() => reader.getMany(keys) as Awaitable<Uint8Array>)
  }

  /** Starts a scan in key order; nothing is read before the first chunk is asked for. */
  scan(range: KeyRange = {}, options: ScanOptions = {}): Scan {
    const reader = this.#open('scan')
    const { host } = this.#instance
    const scan = host.enter(() =>
      reader.scan(
        range.start,
        range.end,
        options.reverse === true,
        options.readAheadBytes ?? DEFAULT_READ_AHEAD_BYTES,
        options.fetchTasks ?? DEFAULT_FETCH_TASKS,
      ),
    )
    return new Scan({
      nextChunk: (maxEntries, maxBytes) => host.enter(() => scan.nextChunk(maxEntries, maxBytes)),
      close: () => host.free(scan),
    })
  }

  /** Releases everything the reader holds, also in the cache; idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    const reader = this.#reader
    this.#reader = undefined
    const { host } = this.#instance
    try {
      await host.enter(() => reader?.close() as Awaitable<void>)
    } finally {
      host.free(reader)
      host.removeStore(this.#store)
    }
  }

  #open(call: string): Reader {
    if (this.#reader === undefined)
      throw new SlateDbError('Closed', `${call}: the reader is closed`)
    return this.#reader
  }
}
