import type { Writer } from '../wasm/slatedb.js'
import { checkInteger, checkStore, WRITING } from './check-options.js'
import { EntryChunk, packedBytes, type Entry } from './entry-chunk.js'
import { SlateDbError } from './error.js'
import type { Held, Host } from './host.js'
import { loadEngine } from './instance.js'
import type { Awaitable, ObjectStore } from './object-store.js'

/** Options of a writer. */
export interface WriterOptions {
  /** The store whose root is, or becomes, the database. */
  readonly store: ObjectStore
  /**
   * SlateDB's settings by name, dotted for those in sections, on top of these: no log, no compactor, no garbage
   * collector, tables of 32 MiB without a limit on their number.
   */
  readonly settings?: Readonly<Record<string, unknown>> | undefined
  /** How often a failing callback is called again before the error is reported; by default never. */
  readonly maxRetries?: number | undefined
}

/**
 * Writes a database that is complete once `flush` and `close` have ended.
 *
 * Opening it fences off any other writer. Errors: `SlateDbError`.
 */
export class SlateDbWriter {
  readonly #host: Host
  readonly #store: number
  readonly #writer: Held<Writer>
  #closing: Promise<void> | undefined

  private constructor(host: Host, store: number, writer: Writer) {
    this.#host = host
    this.#store = store
    this.#writer = host.hold(writer)
  }

  /** Opens a database to write. Errors: SlateDbError of kind Unavailable, Data or Invalid. */
  static async open(options: WriterOptions): Promise<SlateDbWriter> {
    const where = 'SlateDbWriter.open'
    checkStore(options, WRITING, where)
    const { maxRetries = 0 } = options
    const max = 2 ** 32 - 1
    checkInteger(maxRetries, { min: 0, max }, `${where}: maxRetries: expected a number of retries`)
    const { host, module } = await loadEngine()
    const store = host.addStore(options.store)
    try {
      const settings = JSON.stringify(options.settings ?? {})
      const opened: Awaitable<Writer> = host.enter(store, () =>
        module.openWriter(store, settings, maxRetries),
      )
      return new SlateDbWriter(host, store, await opened)
    } catch (error) {
      host.removeStore(store)
      throw error
    }
  }

  /** Takes a chunk, or entries to pack into one; the last write of a key wins. Ends when the next may come. */
  async write(chunk: EntryChunk | readonly Entry[]): Promise<void> {
    await this.writePacked((chunk instanceof EntryChunk ? chunk : EntryChunk.from(chunk)).buffer)
  }

  /** The same in packed form: ended at once unless the engine has to store something first. */
  writePacked(chunk: ArrayBuffer): Awaitable<void> {
    const writer = this.#open('write')
    return this.#host.enter(this.#store, () => writer.write(packedBytes(chunk)) as Awaitable<void>)
  }

  /** Ends when all that was written is stored in tables. */
  async flush(): Promise<void> {
    const writer = this.#open('flush')
    await (this.#host.enter(this.#store, () => writer.flush()) as Awaitable<void>)
  }

  /** Stores what is left and releases everything; idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    try {
      await this.#host.enter(this.#store, () => this.#writer.value?.close() as Awaitable<void>)
    } finally {
      this.#host.free(this.#writer)
      this.#host.removeStore(this.#store)
    }
  }

  #open(call: string): Writer {
    if (this.#closing !== undefined)
      throw new SlateDbError('Closed', `${call}: the writer is closed`)
    // An engine that has stopped says so itself; `enter` calls nothing then.
    return this.#writer.value as Writer
  }
}
