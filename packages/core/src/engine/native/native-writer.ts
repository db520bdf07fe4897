import type { Db } from '@slatedb/uniffi'
import type { EntryChunk } from '../../chunk/entry-chunk.js'
import type { ObjectStore } from '../../objects/object-store.js'
import { closeOnce, runAll } from '../../util/close-once.js'
import { turnIfDue } from '../../util/event-loop-turn.js'
import { watch } from '../../util/watchdog.js'
import type { EngineWriter } from '../engine.js'
import type { Binding } from './binding.js'
import { nativeError, nativeTimeout, WRITE_TIMEOUT_MS } from './native-error.js'

// Rows between two looks at the clock: building a batch is synchronous, about 12 µs a row.
const ROWS_PER_TURN = 256

/** Writes one shard through the binding; batches go to the engine's memory, `seal` stores them. */
export class NativeWriter implements EngineWriter {
  readonly #binding: Binding
  readonly #db: Db
  readonly #url: string
  readonly #objects: ObjectStore | undefined
  readonly close: () => Promise<void>

  constructor(binding: Binding, db: Db, url: string, objects: ObjectStore | undefined) {
    this.#binding = binding
    this.#db = db
    this.#url = url
    this.#objects = objects
    this.close = closeOnce(() => this.#close())
  }

  async write(chunk: EntryChunk): Promise<void> {
    if (chunk.count === 0) return
    const batch = new this.#binding.WriteBatch()
    try {
      for (let i = 0; i < chunk.count; i++) {
        const turn = i % ROWS_PER_TURN === 0 ? turnIfDue() : undefined
        if (turn !== undefined) await turn
        batch.put(chunk.key(i), chunk.value(i))
      }
      await this.#bounded('write', this.#db.write_with_options(batch, { await_durable: false }))
    } catch (error) {
      throw nativeError(error, 'native engine: write', this.#url)
    } finally {
      batch.dispose()
    }
  }

  async flush(): Promise<void> {
    try {
      // Into tables rather than the log, so that readers need not replay anything.
      await this.#bounded('flush', this.#db.flush_with_options({ flush_type: 'MemTable' }))
    } catch (error) {
      throw nativeError(error, 'native engine: flush', this.#url)
    }
  }

  async seal(): Promise<void> {
    await this.flush()
    await this.close()
  }

  async bytes(): Promise<number> {
    // The engine keeps its in-memory stores to itself.
    if (this.#objects === undefined || this.#objects.scheme === 'memory') return 0
    let sum = 0
    for await (const object of this.#objects.list(this.#url)) sum += object.bytes
    return sum
  }

  async #close(): Promise<void> {
    await runAll(
      [
        () => this.#bounded('close', this.#db[this.#binding.features.close as 'shutdown']()),
        () => this.#db.dispose(),
      ],
      'native engine: close',
    ).catch((error: unknown) => {
      throw nativeError(error, 'native engine: close', this.#url)
    })
  }

  #bounded<T>(what: string, call: Promise<T>): Promise<T> {
    const where = `native engine: ${what}`
    return watch(call, WRITE_TIMEOUT_MS, () => nativeTimeout(where, this.#url, WRITE_TIMEOUT_MS))
  }
}
