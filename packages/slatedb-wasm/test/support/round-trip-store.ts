import { MemoryStore, type ListedObject, type ObjectInfo, type ObjectStore } from 'slatedb-wasm'

/**
 * A memory store that answers all calls of a round at once, and not before nothing else is left to do: its rounds are
 * the round trips one would wait for.
 */
export class RoundTripStore implements ObjectStore {
  readonly objects: MemoryStore
  rounds = 0
  /** Path and range of every get, such as `manifest/1.manifest 0-`. */
  readonly gets: string[] = []
  #waiting: (() => void)[] = []

  constructor(objects = new MemoryStore()) {
    this.objects = objects
  }

  async get(path: string, start: number, end?: number): Promise<Uint8Array | undefined> {
    this.gets.push(`${path} ${start}-${end ?? ''}`)
    await this.#nextRound()
    return this.objects.get(path, start, end)
  }

  async head(path: string): Promise<ObjectInfo | undefined> {
    await this.#nextRound()
    return this.objects.head(path)
  }

  async put(path: string, bytes: Uint8Array, ifAbsent: boolean): Promise<boolean> {
    await this.#nextRound()
    return this.objects.put(path, bytes, ifAbsent)
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    await this.#nextRound()
    yield* this.objects.list(prefix)
  }

  async delete(path: string): Promise<void> {
    await this.#nextRound()
    this.objects.delete(path)
  }

  #nextRound(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      if (this.#waiting.length > 1) return
      setImmediate(() => {
        this.rounds++
        const waiting = this.#waiting
        this.#waiting = []
        for (const release of waiting) release()
      })
    })
  }
}
