import type { SealedDatabase } from './table-writer.js'
import type { ObjectStore, ObjectUpload } from './object-store.js'

const IS_MANIFEST = /^manifest\//

/** Passes the calls of a writer on and notes the objects it has stored. */
export class StoredObjects implements ObjectStore {
  readonly #store: ObjectStore
  readonly #sizes = new Map<string, number>()
  #manifest: SealedDatabase['manifest'] | undefined
  readonly upload?: NonNullable<ObjectStore['upload']>

  constructor(store: ObjectStore) {
    this.#store = store
    if (store.upload !== undefined) this.upload = (path) => this.#upload(path)
  }

  /** Bytes of all objects. */
  get bytes(): number {
    let sum = 0
    for (const size of this.#sizes.values()) sum += size
    return sum
  }

  /** The objects of a sealed database. */
  sealed(): Omit<SealedDatabase, 'rows'> {
    return { manifest: this.#manifest!, sizes: this.#sizes }
  }

  async put(path: string, bytes: Uint8Array, ifAbsent: boolean): Promise<boolean> {
    const size = bytes.length
    // The bytes belong to the store as soon as it has them.
    const manifest = IS_MANIFEST.test(path) ? { path, bytes: bytes.slice() } : undefined
    const stored = await this.#store.put(path, bytes, ifAbsent)
    if (stored) {
      this.#sizes.set(path, size)
      this.#manifest ??= manifest
    }
    return stored
  }

  async #upload(path: string): Promise<ObjectUpload> {
    const upload = await this.#store.upload!(path)
    let size = 0
    return {
      write: (bytes) => {
        size += bytes.length
        return upload.write(bytes)
      },
      complete: async () => {
        await upload.complete()
        this.#sizes.set(path, size)
      },
      abort: () => upload.abort(),
    }
  }

  get(path: string, start: number, end?: number): ReturnType<ObjectStore['get']> {
    return this.#store.get(path, start, end)
  }

  head(path: string): ReturnType<ObjectStore['head']> {
    return this.#store.head(path)
  }

  list(prefix: string): ReturnType<ObjectStore['list']> {
    return this.#store.list(prefix)
  }

  delete(path: string): ReturnType<ObjectStore['delete']> {
    return this.#store.delete(path)
  }
}
