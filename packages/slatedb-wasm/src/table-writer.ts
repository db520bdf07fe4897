import type { TableWriter } from '../wasm/slatedb.js'
import { checkBytes, checkStore, WRITING } from './check-options.js'
import { EntryChunk, packedBytes, type Entry } from './entry-chunk.js'
import { SlateDbError } from './error.js'
import type { Held, Host } from './host.js'
import { loadEngine } from './instance.js'
import type { Awaitable, ObjectStore } from './object-store.js'
import { StoredObjects } from './stored-objects.js'

const DEFAULT_MEMORY_BYTES = 64 * 1024 * 1024

/** Temporary objects: sorted rows that do not fit into memory. */
export type PartStore = Pick<ObjectStore, 'get' | 'release' | 'put' | 'upload' | 'delete'>

/** Options of a `SlateDbTableWriter`. */
export interface TableWriterOptions {
  /** The store whose root becomes the database; there must be none yet. */
  readonly store: ObjectStore
  /** SlateDB's settings of tables by name: codec, size, filter, lifetime of rows. Others change nothing. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined
  /** Bytes of rows in memory before they are stored in `parts`, sorting included; 64 MiB by default. */
  readonly memoryBytes?: number | undefined
  /**
   * Bytes for tables while they are stored, half of `memoryBytes` by default; a table takes half, unless
   * the setting `l0_sst_size_bytes` says otherwise.
   */
  readonly sealMemoryBytes?: number | undefined
  /** Where rows that do not fit into memory wait; by default in `store`, below `parts/`, until `seal` ends. */
  readonly parts?: PartStore | undefined
}

/** A complete database. */
export interface SealedDatabase {
  /** Number of keys. */
  readonly rows: number
  /** The manifest that was stored. */
  readonly manifest: { readonly path: string; readonly bytes: Uint8Array }
  /** Bytes of every object by its path. */
  readonly sizes: ReadonlyMap<string, number>
}

/**
 * Writes a new database in one go, straight into tables, from rows in any order.
 *
 * The result is one sorted run: no two tables overlap. It exists once `seal` has stored the manifest. A database that
 * fits into one table takes two writes; nothing is read or listed. Errors: `SlateDbError`, of kind Fenced if there is a
 * database already.
 *
 * @example
 * const writer = await SlateDbTableWriter.open({ store })
 * await writer.write([[key, value]])
 * await writer.seal()
 * await writer.close()
 */
export class SlateDbTableWriter {
  readonly #host: Host
  readonly #stores: readonly number[]
  readonly #stored: StoredObjects
  readonly #writer: Held<TableWriter>
  #isClosed = false

  private constructor(
    host: Host,
    stores: readonly number[],
    stored: StoredObjects,
    writer: TableWriter,
  ) {
    this.#host = host
    this.#stores = stores
    this.#stored = stored
    this.#writer = host.hold(writer)
  }

  /** Starts a new database. Errors: SlateDbError of kind Invalid, also for a setting that SlateDB does not have. */
  static async open(options: TableWriterOptions): Promise<SlateDbTableWriter> {
    const where = 'SlateDbTableWriter.open'
    checkStore(options, WRITING, where)
    const { memoryBytes = DEFAULT_MEMORY_BYTES, sealMemoryBytes = memoryBytes / 2 } = options
    checkBytes(memoryBytes, `${where}: memoryBytes`)
    checkBytes(sealMemoryBytes, `${where}: sealMemoryBytes`)
    const { host, module } = await loadEngine()
    const stored = new StoredObjects(options.store)
    const store = host.addStore(stored)
    const parts = host.addStore(onlyParts(options.parts ?? options.store))
    try {
      const settings = JSON.stringify(options.settings ?? {})
      const writer = host.enter(store, () =>
        module.openTableWriter(store, parts, settings, memoryBytes, sealMemoryBytes),
      )
      return new SlateDbTableWriter(host, [store, parts], stored, writer)
    } catch (error) {
      host.removeStore(store)
      host.removeStore(parts)
      throw error
    }
  }

  /** Bytes stored so far. */
  get bytes(): number {
    return this.#stored.bytes
  }

  /** Takes a chunk, or entries to pack into one; the last write of a key wins. Ends when the next may come. */
  async write(chunk: EntryChunk | readonly Entry[]): Promise<void> {
    await this.writePacked((chunk instanceof EntryChunk ? chunk : EntryChunk.from(chunk)).buffer)
  }

  /** The same in packed form: ended at once unless rows have to be stored first. The buffer is copied. */
  writePacked(chunk: ArrayBuffer): Awaitable<void> {
    return this.#call('write', (writer) => writer.write(packedBytes(chunk)) as Awaitable<void>)
  }

  /** Stores all rows and completes the database; nothing may be written afterwards. */
  async seal(): Promise<SealedDatabase> {
    const rows = await this.#call('seal', (writer) => writer.seal() as Awaitable<number>)
    return { rows, ...this.#stored.sealed() }
  }

  /** Releases everything; idempotent. A database that is not sealed stays unfinished, and a running call fails. */
  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true
      this.#host.free(this.#writer)
      for (const store of this.#stores) this.#host.removeStore(store)
    }
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #call<T>(name: string, call: (writer: TableWriter) => T): T {
    if (this.#isClosed) throw new SlateDbError('Closed', `${name}: the writer is closed`)
    // An engine that has stopped says so itself; `enter` calls nothing then.
    return this.#host.enter(this.#stores[0]!, () => call(this.#writer.value as TableWriter))
  }
}

function onlyParts(parts: PartStore): ObjectStore {
  return {
    get: (path, start, end) => parts.get(path, start, end),
    release: (bytes) => parts.release?.(bytes),
    put: (path, bytes, ifAbsent) => parts.put(path, bytes, ifAbsent),
    ...(parts.upload !== undefined && { upload: (path) => parts.upload!(path) }),
    delete: (path) => parts.delete(path),
    head: () => undefined,
    list: () => [],
  }
}
