import { MemoryStore, type ListedObject, type ObjectInfo, type ObjectStore } from 'slatedb-wasm'

/** What calls a store has seen, by name. */
export interface Calls {
  get: number
  head: number
  put: number
  list: number
  delete: number
}

/** A memory store that counts calls and, like any over a network, answers later. */
export class CountingStore implements ObjectStore {
  readonly calls: Calls = { get: 0, head: 0, put: 0, list: 0, delete: 0 }
  readonly objects: MemoryStore

  constructor(objects = new MemoryStore()) {
    this.objects = objects
  }

  get writes(): number {
    return this.calls.put + this.calls.delete
  }

  async get(path: string, start: number, end?: number): Promise<Uint8Array | undefined> {
    this.calls.get++
    return this.objects.get(path, start, end)
  }

  async head(path: string): Promise<ObjectInfo | undefined> {
    this.calls.head++
    return this.objects.head(path)
  }

  async put(path: string, bytes: Uint8Array, ifAbsent: boolean): Promise<boolean> {
    this.calls.put++
    return this.objects.put(path, bytes, ifAbsent)
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    this.calls.list++
    yield* this.objects.list(prefix)
  }

  async delete(path: string): Promise<void> {
    this.calls.delete++
    this.objects.delete(path)
  }
}
