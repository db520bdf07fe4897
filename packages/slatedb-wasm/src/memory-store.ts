import type { ListedObject, ObjectInfo, ObjectStore } from './object-store.js'

interface StoredObject {
  readonly bytes: Uint8Array
  readonly modifiedAt: Date
}

/** Objects in memory, for tests and for databases that need not outlive the process. */
export class MemoryStore implements ObjectStore {
  readonly #objects = new Map<string, StoredObject>()

  get(path: string, start = 0, end?: number): Uint8Array | undefined {
    return this.#objects.get(path)?.bytes.slice(start, end)
  }

  head(path: string): ObjectInfo | undefined {
    const found = this.#objects.get(path)
    return found === undefined
      ? undefined
      : { size: found.bytes.length, modifiedAt: found.modifiedAt }
  }

  put(path: string, bytes: Uint8Array, ifAbsent = false): boolean {
    if (ifAbsent && this.#objects.has(path)) return false
    this.#objects.set(path, { bytes, modifiedAt: new Date() })
    return true
  }

  list(prefix: string): ListedObject[] {
    const root = prefix === '' ? '' : `${prefix}/`
    return [...this.#objects]
      .filter(([path]) => path.startsWith(root))
      .map(([path, { bytes, modifiedAt }]) => ({ path, size: bytes.length, modifiedAt }))
  }

  delete(path: string): void {
    this.#objects.delete(path)
  }
}
