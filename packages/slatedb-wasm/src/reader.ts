import type { Reader } from '../wasm/slatedb.js'
import { packByteList, unpackByteList } from './byte-list.js'
import { SlateDbError } from './error.js'
import type { Held, Host } from './host.js'
import { loadEngine } from './instance.js'
import type { Awaitable, ObjectStore } from './object-store.js'
import { Scan, type KeyRange, type ScanOptions } from './scan.js'

const DEFAULT_READ_AHEAD_BYTES = 256 << 10
const DEFAULT_FETCH_TASKS = 2
/** The longest value `SlateDbWriter` takes, too. */
export const MAX_VALUE_BYTES = 256 << 20

export interface ReaderOptions {
  /** The store whose root is the database; only `get`, `head` and `list` are called. */
  readonly store: ObjectStore
  /** How often a failing callback is called again before the error is reported; by default never. */
  readonly maxRetries?: number | undefined
  /**
   * Limit in bytes for fetching the ends of tables, with filters and indexes, together with the manifest. Nothing is
   * fetched ahead if they take more. Saves the first lookup a wait; by default 0.
   */
  readonly prefetchBytes?: number | undefined
  /**
   * Longest value that is read, in bytes; by default 256 MiB. A longer one is an error of kind TooLarge, and no
   * compressed block is unpacked to more than that and 256 KiB.
   */
  readonly maxValueBytes?: number | undefined
}

/**
 * Reads a complete database and writes nothing to its store.
 *
 * It sees what was stored when it was opened. Blocks it has fetched stay in the cache all readers share.
 * Errors: `SlateDbError`; kind NotFound from `open` when there is no database.
 */
export class SlateDbReader {
  readonly #host: Host
  readonly #store: number
  readonly #reader: Held<Reader>
  #closing: Promise<void> | undefined

  private constructor(host: Host, store: number, reader: Reader) {
    this.#host = host
    this.#store = store
    this.#reader = host.hold(reader)
  }

  static async open(options: ReaderOptions): Promise<SlateDbReader> {
    const { maxRetries = 0, prefetchBytes = 0, maxValueBytes = MAX_VALUE_BYTES } = options
    if (!(Number.isInteger(maxValueBytes) && maxValueBytes > 0 && maxValueBytes < 2 ** 32)) {
      throw new RangeError(
        `SlateDbReader.open: maxValueBytes: expected bytes from 1 to 4294967295, got ${maxValueBytes}`,
      )
    }
    const { host, module } = await loadEngine()
    const store = host.addStore(options.store)
    try {
      const opened: Awaitable<Reader> = host.enter(store, () =>
        module.openReader(store, maxRetries, prefetchBytes, maxValueBytes),
      )
      return new SlateDbReader(host, store, await opened)
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
   * The value of a key from the cache: `undefined` if the key does not exist, `null` if parts have to be fetched, which
   * `get` does.
   */
  peek(key: Uint8Array): Uint8Array | undefined | null {
    const reader = this.#open('peek')
    return this.#host.enter(this.#store, () => reader.peek(key) as Uint8Array | undefined | null)
  }

  /** Values in the order of `keys`; `undefined` for missing keys. */
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
    return this.#host.enter(this.#store, () => reader.getMany(keys) as Awaitable<Uint8Array>)
  }

  /** Starts a scan in key order; nothing is read before the first chunk is asked for. */
  scan(range: KeyRange = {}, options: ScanOptions = {}): Scan {
    const reader = this.#open('scan')
    const scan = this.#host.enter(this.#store, () =>
      reader.scan(
        range.start,
        range.end,
        options.reverse === true,
        options.readAheadBytes ?? DEFAULT_READ_AHEAD_BYTES,
        options.fetchTasks ?? DEFAULT_FETCH_TASKS,
      ),
    )
    return new Scan({
      nextChunk: (maxEntries, maxBytes) =>
        this.#host.enter(this.#store, () => scan.nextChunk(maxEntries, maxBytes)),
      // Not held by the host: one that is abandoned is collected, and freed then.
      close: () => this.#host.isStopped || scan.free(),
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
    try {
      if (this.#host.isStopped) return
      await this.#host.enter(this.#store, () => this.#reader.value?.close() as Awaitable<void>)
    } finally {
      this.#host.free(this.#reader)
      this.#host.removeStore(this.#store)
    }
  }

  #open(call: string): Reader {
    if (this.#closing !== undefined)
      throw new SlateDbError('Closed', `${call}: the reader is closed`)
    // An engine that has stopped says so itself; `enter` calls nothing then.
    return this.#reader.value as Reader
  }
}
