import type { TableUpdate } from '../wasm/slatedb.js'
import { engineOf } from './engine-of.js'
import { invalid } from './check-options.js'
import { EntryChunk, type Entry } from './entry-chunk.js'
import { SlateDbError } from './error.js'
import type { Held, Host } from './host.js'
import type { Awaitable, ObjectStore } from './object-store.js'
import type { SlateDbReader } from './reader.js'
import { StoredObjects } from './stored-objects.js'
import type { SealedDatabase } from './table-writer.js'

const DEFAULT_MEMORY_BYTES = 32 * 1024 * 1024
/** Bytes of old blocks in one request. */
const REQUEST_BYTES = 2 * 1024 * 1024

/** Options of a `SlateDbTableUpdate`. */
export interface TableUpdateOptions {
  /** The store whose root becomes the database; there must be none yet. */
  readonly store: ObjectStore
  /** The database whose rows it takes, of which `canBeUpdated` is true; it stays open until the update ends. */
  readonly base: SlateDbReader
  /** SlateDB's settings of tables by name, as those of `SlateDbTableWriter`. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined
  /**
   * Bytes for tables while they are stored, 32 MiB by default; a table takes half, unless the setting
   * `l0_sst_size_bytes` says otherwise.
   */
  readonly memoryBytes?: number | undefined
}

/** Counts of rows so far. */
export interface UpdateCounts {
  /** Rows of the old database. */
  readonly read: number
  /** Rows of the new one. */
  readonly written: number
  /** Keys that were put and did not exist. */
  readonly inserted: number
  /** Keys that were put and had another value. */
  readonly replaced: number
  /** Keys that were deleted and existed. */
  readonly deleted: number
}

/**
 * Writes a new database from the rows of another one and sorted changes, in one pass.
 *
 * Blocks of rows that no change touches are copied as they are, after their checksum and the order of their keys were
 * checked. The result is as that of `SlateDbTableWriter`. Memory: `memoryBytes`, some requests of 2 MiB, and one chunk of
 * changes. Errors: `SlateDbError`; kind Data for a damaged database.
 *
 * @example
 * const update = SlateDbTableUpdate.open({ store, base })
 * update.add(changes)
 * while (!(await update.step()));
 * update.add(undefined)
 * while (!(await update.step()));
 * await update.seal()
 * await update.close()
 */
export class SlateDbTableUpdate {
  readonly #host: Host
  readonly #store: number
  readonly #stored: StoredObjects
  readonly #update: Held<TableUpdate>
  #isClosed = false

  private constructor(host: Host, store: number, stored: StoredObjects, update: TableUpdate) {
    this.#host = host
    this.#store = store
    this.#stored = stored
    this.#update = host.hold(update)
  }

  /** Starts a new database; reads and writes nothing yet. */
  static open(options: TableUpdateOptions): SlateDbTableUpdate {
    const { base, memoryBytes = DEFAULT_MEMORY_BYTES } = options
    const engine = engineOf.get(base)
    if (engine === undefined) {
      throw invalid('SlateDbTableUpdate.open: base: expected an open SlateDbReader of this package')
    }
    const { host, module, reader } = engine('update')
    const stored = new StoredObjects(options.store)
    const store = host.addStore(stored)
    try {
      const settings = JSON.stringify(options.settings ?? {})
      const update = host.enter(store, () =>
        module.openTableUpdate(store, settings, memoryBytes, REQUEST_BYTES, reader),
      )
      return new SlateDbTableUpdate(host, store, stored, update)
    } catch (error) {
      host.removeStore(store)
      throw error
    }
  }

  /** Bytes stored so far. */
  get bytes(): number {
    return this.#stored.bytes
  }

  /**
   * Takes changes, whose keys must be greater than all before; `undefined` if no more follow. The value of each begins with
   * one byte: 1 if the bytes after it are put, 0 if the key is deleted. The chunk is copied.
   */
  add(changes: EntryChunk | readonly Entry[] | undefined): void {
    if (changes === undefined) return this.addPacked(undefined)
    this.addPacked((changes instanceof EntryChunk ? changes : EntryChunk.from(changes)).buffer)
  }

  /** The same in packed form. */
  addPacked(chunk: ArrayBuffer | undefined): void {
    this.#call('add', (update) => update.add(chunk && new Uint8Array(chunk)))
  }

  /**
   * Merges some MiB of rows: at once unless blocks or tables have to be fetched or stored. True if it has merged what it can
   * before more changes are added; after the last ones, everything.
   */
  step(): Awaitable<boolean> {
    return this.#call('step', (update) => update.step() as Awaitable<boolean>)
  }

  /** Counts so far; exact once everything is merged. */
  get counts(): UpdateCounts {
    const counts = this.#call('counts', (update) => update.counts())
    const [read, written, inserted, replaced, deleted] = counts as unknown as [
      number,
      number,
      number,
      number,
      number,
    ]
    return { read, written, inserted, replaced, deleted }
  }

  /** The first and the last key of the new database so far; `undefined` if it has no row. */
  get bounds(): readonly [first: Uint8Array, last: Uint8Array] | undefined {
    const bound = (last: boolean): Uint8Array | undefined =>
      this.#call('bounds', (update) => update.bound(last))
    const first = bound(false)
    return first && [first, bound(true)!]
  }

  /** Stores all rows and completes the database, once everything is merged. */
  async seal(): Promise<SealedDatabase> {
    const rows = await this.#call('seal', (update) => update.seal() as Awaitable<number>)
    return { rows, ...this.#stored.sealed() }
  }

  /** Releases everything; idempotent. A database that is not sealed stays unfinished, and a running call fails. */
  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true
      this.#host.free(this.#update)
      this.#host.removeStore(this.#store)
    }
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #call<T>(name: string, call: (update: TableUpdate) => T): T {
    if (this.#isClosed) throw new SlateDbError('Closed', `${name}: the update is closed`)
    // An engine that has stopped says so itself; `enter` calls nothing then.
    return this.#host.enter(this.#store, () => call(this.#update.value as TableUpdate))
  }
}
