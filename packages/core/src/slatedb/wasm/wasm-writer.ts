import type { SlateDbWriter } from 'slatedb-wasm'
import type { EntryChunk } from '../../chunk/entry-chunk.js'
import type { ObjectStore } from '../../store/object-store.js'
import { closeOnce } from '../../async/close-once.js'
import { yieldIfDue } from '../../async/yield-if-due.js'
import type { EngineWriter } from '../../engine/engine.js'
import type { ShardSeal } from '../../engine/shard-seal.js'
import type { OwnObjects } from './own-objects.js'
import type { StoppingStore } from './stopping-store.js'
import { wasmError } from './wasm-error.js'

/** Writes one shard; a chunk crosses unchanged, in one call. */
export class WasmWriter implements EngineWriter {
  readonly #writer: SlateDbWriter
  readonly #url: string
  readonly #objects: ObjectStore
  readonly #own: OwnObjects
  readonly #store: StoppingStore
  readonly close: () => Promise<void>

  constructor(
    writer: SlateDbWriter,
    url: string,
    objects: ObjectStore,
    { own, store }: { readonly own: OwnObjects; readonly store: StoppingStore },
  ) {
    this.#writer = writer
    this.#url = url
    this.#objects = objects
    this.#own = own
    this.#store = store
    this.close = closeOnce(() => this.#close())
  }

  async write(chunk: EntryChunk): Promise<void> {
    if (chunk.count === 0) return
    await yieldIfDue()
    await this.#calling('write', () => this.#writer.writePacked(chunk.buffer))
  }

  async flush(): Promise<void> {
    await this.#calling('flush', () => this.#writer.flush())
  }

  async seal(): Promise<ShardSeal | undefined> {
    await this.flush()
    await this.close()
    return this.#own.seal()
  }

  async bytes(): Promise<number> {
    const own = await this.#own.bytes()
    if (own !== undefined) return own
    let sum = 0
    for await (const object of this.#objects.list(this.#url)) sum += object.bytes
    return sum
  }

  async #close(): Promise<void> {
    try {
      await this.#store.orStopped(this.#writer.close())
    } catch (error) {
      // An engine whose storage stopped may never close; the waiting calls have already been
      // rejected with the reason.
      if (!this.#store.isStopped) throw wasmError(error, 'wasm engine: close', this.#url)
    }
  }

  async #calling(what: string, call: () => PromiseLike<void> | void): Promise<void> {
    try {
      this.#store.throwIfStopped()
      const called = call()
      if (called !== undefined) await this.#store.orStopped(called)
    } catch (error) {
      throw wasmError(error, `wasm engine: ${what}`, this.#url)
    }
  }
}
