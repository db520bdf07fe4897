import type { ListedObject, ObjectInfo, ObjectStore as ShardStore } from 'slatedb-wasm'

const TABLE = /^compacted\/[^/]+\.sst$/

/**
 * Stops for good at the first table that could not be stored, and reports why.
 *
 * SlateDB retries uploads forever, so its flush never returns. By now the store's own retries are
 * exhausted: fail the shard, and block further writes from the abandoned engine. When SlateDB
 * retries the table, it gets success, because only then does it continue, fail at the next step and
 * free its memory.
 */
export class StoppingStore implements ShardStore {
  readonly #store: ShardStore
  readonly #waiting = new Set<(error: unknown) => void>()
  #failure: { readonly error: unknown } | undefined

  constructor(store: ShardStore) {
    this.#store = store
  }

  /**
   * Waits for a call of the engine, or until the store stops; then rejects with the error that
   * stopped it.
   */
  orStopped<T>(call: PromiseLike<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject)
      if (this.#failure !== undefined) reject(this.#failure.error)
      call.then(
        (result) => {
          this.#waiting.delete(reject)
          resolve(result)
        },
        (error: unknown) => {
          this.#waiting.delete(reject)
          reject(error as Error)
        },
      )
    })
  }

  /** True once the store has stopped. */
  get isStopped(): boolean {
    return this.#failure !== undefined
  }

  async get(path: string, start: number, end?: number): Promise<Uint8Array | undefined> {
    this.throwIfStopped()
    return this.#store.get(path, start, end)
  }

  async head(path: string): Promise<ObjectInfo | undefined> {
    this.throwIfStopped()
    return this.#store.head(path)
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    this.throwIfStopped()
    yield* await this.#store.list(prefix)
  }

  async put(path: string, bytes: Uint8Array, ifAbsent: boolean): Promise<boolean> {
    if (this.isStopped && TABLE.test(path)) return true
    this.throwIfStopped()
    try {
      return await this.#store.put(path, bytes, ifAbsent)
    } catch (error) {
      if (TABLE.test(path)) {
        this.#failure ??= { error }
        for (const reject of this.#waiting) reject(error)
      }
      throw error
    }
  }

  async delete(path: string): Promise<void> {
    this.throwIfStopped()
    await this.#store.delete(path)
  }

  /** Throws the error that stopped the store, if it has stopped. */
  throwIfStopped(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
