// Long because half of it documents the public methods, which need the same private state.

import type { Reader } from '../wasm/slatedb.js'
import { packByteList, readByteList } from './byte-list.js'
import { checkInteger, checkStore, READING } from './check-options.js'
import { engineOf } from './engine-of.js'
import { SlateDbError } from './error.js'
import type { Held, Host } from './host.js'
import { type Instance, loadEngine } from './instance.js'
import { isLong, memoryOfBlock, valueInPlace } from './long-value.js'
import type { Awaitable, ObjectStore } from './object-store.js'
import { Scan, type KeyRange, type ScanOptions } from './scan.js'

const DEFAULT_READ_AHEAD_BYTES = 256 << 10
const DEFAULT_FETCH_TASKS = 2
/** The numbers that the engine takes. */
const COUNT = { min: 0, max: 2 ** 32 - 1 }
// The results of `peek`, as in `rust/engine/src/reader.rs`; 2 is that several parts have to be fetched.
const FOUND = 0
const NOTHING = 1
const FAILED = 3
/** One block has to be fetched. */
const WANTED = 4
/** Larger blocks take longer than a wait, and would leave the memory of the engine that much larger. */
const MAX_NOW_BYTES = 1 << 20

type NowStore = ObjectStore & Required<Pick<ObjectStore, 'readNow'>>

/** The longest value `SlateDbWriter` takes, too. */
export const MAX_VALUE_BYTES = 256 << 20

/** Options of a reader. */
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
  /** The store, if it can answer without a wait. */
  readonly #nowStore: NowStore | undefined
  /** The paths of tables by their number. */
  readonly #paths: (string | undefined)[] = []
  #closing: Promise<void> | undefined

  private constructor(
    { host, module }: Instance,
    store: number,
    reader: Reader,
    objects: ObjectStore,
  ) {
    this.#host = host
    this.#store = store
    this.#reader = host.hold(reader)
    this.#nowStore = objects.readNow === undefined ? undefined : (objects as NowStore)
    engineOf.set(this, (call) => ({ host, module, reader: this.#open(call) }))
  }

  /** Opens a database to read. Errors: SlateDbError of kind NotFound, Unavailable, Data or Invalid. */
  static async open(options: ReaderOptions): Promise<SlateDbReader> {
    const where = 'SlateDbReader.open'
    checkStore(options, READING, where)
    const { maxRetries = 0, prefetchBytes = 0, maxValueBytes = MAX_VALUE_BYTES } = options
    checkInteger(maxRetries, COUNT, `${where}: maxRetries: expected a number of retries`)
    checkInteger(prefetchBytes, COUNT, `${where}: prefetchBytes: expected bytes`)
    checkInteger(maxValueBytes, { ...COUNT, min: 1 }, `${where}: maxValueBytes: expected bytes`)
    const instance = await loadEngine()
    const { host, module } = instance
    const store = host.addStore(options.store)
    try {
      const opened: Awaitable<Reader> = host.enter(store, () =>
        module.openReader(store, maxRetries, prefetchBytes, maxValueBytes),
      )
      return new SlateDbReader(instance, store, await opened, options.store)
    } catch (error) {
      host.removeStore(store)
      throw error
    }
  }

  /** The value of a key, or `undefined`. */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const value = this.peek(key)
    return value === null ? (await this.#fetch([key]))[0] : value
  }

  /**
   * The value of a key from the cache, or from a store that answers without a wait (`ObjectStore.readNow`): `undefined` if
   * the key does not exist, `null` if parts have to be fetched, which `get` does. The value is the caller's; `key` is not
   * used after the call.
   */
  peek(key: Uint8Array): Uint8Array | undefined | null {
    const reader = this.#open('peek')
    const host = this.#host
    const outer = host.begin(this.#store)
    try {
      const { exchange } = host
      exchange.putKey(key)
      const code = reader.peek(key.length)
      if (code === FOUND) return exchange.takeAnswer()
      if (code === NOTHING) return undefined
      if (code === WANTED && this.#nowStore !== undefined) return this.#readNow(reader, key)
      if (code === FAILED) reader.peekError(key.length)
      return null
    } catch (error) {
      throw host.failure(this.#store, error)
    } finally {
      host.end(outer)
    }
  }

  /** Reads the block that a lookup lacks, if the store has it now. */
  #readNow(reader: Reader, key: Uint8Array): Uint8Array | undefined | null {
    const { exchange } = this.#host
    const { table, start, bytes, isForValue } = exchange.wanted()
    if (bytes === 0 || bytes > MAX_NOW_BYTES) return null
    const path = (this.#paths[table] ??= reader.tablePath(table))
    if (path === undefined) return null
    if (isForValue && isLong(bytes, key.length)) {
      const block = memoryOfBlock(bytes, key.length)
      if (!this.#nowStore!.readNow(path, start, block)) return null
      const value = valueInPlace(block, key.length, reader, exchange)
      if (value !== undefined) return value
      exchange.storedBytes(bytes).set(block)
    } else if (!this.#nowStore!.readNow(path, start, exchange.storedBytes(bytes))) return null
    const code = reader.peekStored(key.length)
    if (code === FOUND) return exchange.takeAnswer()
    // `#fetch` meets a failure again, and reports it.
    return code === NOTHING ? undefined : null
  }

  /** Values in the order of `keys`; `undefined` for missing keys. */
  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.peekMany(keys) ?? this.#fetch(keys)
  }

  /** The same at once, if everything is in the cache; else `null`. The values are views of one buffer. */
  peekMany(keys: readonly Uint8Array[]): (Uint8Array | undefined)[] | null {
    const reader = this.#open('getMany')
    const host = this.#host
    const outer = host.begin(this.#store)
    try {
      const { exchange } = host
      const bytes = exchange.putKeys(keys)
      // `#fetch` meets a failure again, and reports it.
      return reader.peekMany(bytes) === FOUND ? exchange.takeAnswers() : null
    } catch (error) {
      throw host.failure(this.#store, error)
    } finally {
      host.end(outer)
    }
  }

  /**
   * Puts the values of many keys of the same length at their positions in `values`, if everything is in the cache; else
   * returns false. `keys` has one key after the other; `positions` are 0, 1, 2 and so on if left out. The values are views
   * of one buffer, missing ones are left out.
   */
  peekKeys(
    keys: Uint8Array,
    keyBytes: number,
    values: (Uint8Array | undefined)[],
    positions?: Int32Array,
  ): boolean {
    const reader = this.#open('getMany')
    const host = this.#host
    const outer = host.begin(this.#store)
    try {
      const { exchange } = host
      exchange.putPacked(keys)
      if (reader.peekKeys(keys.length / keyBytes, keyBytes) !== FOUND) return false
      exchange.takeAnswersInto(values, positions)
      return true
    } catch (error) {
      throw host.failure(this.#store, error)
    } finally {
      host.end(outer)
    }
  }

  async #fetch(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const reader = this.#open('getMany')
    const list = packByteList(keys)
    const values = this.#host.enter(
      this.#store,
      () => reader.getMany(list) as Awaitable<Uint8Array<ArrayBuffer>>,
    )
    return readByteList(await values)
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
        options.keepBlocks === true,
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

  /**
   * Whether `SlateDbTableUpdate` can read the database: it consists of tables, and each key has one row. Then
   * `SlateDbTableWriter` or `SlateDbTableUpdate` has written it; scan those of a live writer.
   */
  get canBeUpdated(): boolean {
    return this.#open('canBeUpdated').canBeUpdated()
  }

  #open(call: string): Reader {
    if (this.#closing !== undefined)
      throw new SlateDbError('Closed', `${call}: the reader is closed`)
    // An engine that has stopped says so itself; `enter` calls nothing then.
    return this.#reader.value as Reader
  }
}
