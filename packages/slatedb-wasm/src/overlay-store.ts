import { MemoryStore } from './memory-store.js'
import type { ListedObject, ObjectInfo, ObjectStore } from './object-store.js'

/**
 * A store that reads through to another one and keeps in memory what is written.
 *
 * `SlateDbReader` does not need it: it never writes. It lets a writer try something on a store that must not change.
 */
export class OverlayStore implements ObjectStore {
  readonly #base: ObjectStore
  readonly #written = new MemoryStore()
  readonly #deleted = new Set<string>()

  constructor(base: ObjectStore) {
    this.#base = base
  }

  async get(path: string, start: number, end?: number): Promise<Uint8Array | undefined> {
    if (this.#deleted.has(path)) return undefined
    return this.#written.get(path, start, end) ?? this.#base.get(path, start, end)
  }

  async head(path: string): Promise<ObjectInfo | undefined> {
    if (this.#deleted.has(path)) return undefined
    return this.#written.head(path) ?? this.#base.head(path)
  }

  async put(path: string, bytes: Uint8Array, ifAbsent: boolean): Promise<boolean> {
    if (ifAbsent && (await this.head(path)) !== undefined) return false
    this.#deleted.delete(path)
    return this.#written.put(path, bytes, ifAbsent)
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    yield* this.#written.list(prefix)
    for await (const object of await this.#base.list(prefix)) {
      const isHidden =
        this.#deleted.has(object.path) || this.#written.head(object.path) !== undefined
      if (!isHidden) yield object
    }
  }

  async delete(path: string): Promise<void> {
    this.#written.delete(path)
    this.#deleted.add(path)
  }
}
