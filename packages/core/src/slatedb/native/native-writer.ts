import type { Db } from '@slatedb/uniffi'
import type { EntryChunk } from '../../chunk/entry-chunk.js'
import type { ObjectStore } from '../../store/object-store.js'
import { closeOnce, runAll } from '../../async/close-once.js'
import { yieldIfDue } from '../../async/yield-if-due.js'
import { watch } from '../../async/watchdog.js'
import type { EngineWriter } from '../../engine/engine.js'
import type { ShardSeal } from '../../engine/shard-seal.js'
import { newestManifest, sealSlateDb } from '../slatedb-seal.js'
import type { Binding } from './binding.js'
import { nativeError, nativeTimeout, WRITE_TIMEOUT_MS } from './native-error.js'

// Rows between two checks of the clock: building a batch is synchronous, about 12 µs a row.
const ROWS_PER_TURN = 256

/** Writes one shard through the binding. Batches go to the engine's memory; `seal` stores them. */
export class NativeWriter implements EngineWriter {
  readonly #binding: Binding
  readonly #db: Db
  readonly #url: string
  readonly #objects: ObjectStore | undefined
  #sealedBytes: number | undefined
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
        const turn = i % ROWS_PER_TURN === 0 ? yieldIfDue() : undefined
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
      // Flush into tables, not the log, so that readers need not replay it.
      await this.#bounded('flush', this.#db.flush_with_options({ flush_type: 'MemTable' }))
    } catch (error) {
      throw nativeError(error, 'native engine: flush', this.#url)
    }
  }

  async seal(): Promise<ShardSeal | undefined> {
    await this.flush()
    await this.close()
    const sizes = await this.#list()
    this.#sealedBytes = sumOf(sizes)
    const manifest = newestManifest(sizes.keys())
    if (manifest === undefined) return undefined
    const bytes = await this.#objects!.get(`${this.#url}/${manifest}`)
    return bytes && sealSlateDb(sizes, manifest, bytes)
  }

  async bytes(): Promise<number> {
    return this.#sealedBytes ?? sumOf(await this.#list())
  }

  /** Returns the bytes of every object, by path. */
  async #list(): Promise<Map<string, number>> {
    const sizes = new Map<string, number>()
    // The engine does not share its in-memory stores.
    if (this.#objects === undefined || this.#objects.scheme === 'memory') return sizes
    for await (const { url, bytes } of this.#objects.list(this.#url))
      sizes.set(url.slice(this.#url.length + 1), bytes)
    return sizes
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

function sumOf(sizes: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const bytes of sizes.values()) sum += bytes
  return sum
}
