import type { ListedObject, ObjectInfo, ObjectStore as ShardStore } from 'slatedb-wasm'
import type { ShardSeal } from '../../engine/shard-seal.js'
import { newestManifest, sealSlateDb } from '../slatedb-seal.js'

/** Objects up to this many bytes are kept to be read again: manifests, of which the newest is read at every change. */
const KEPT_BYTES = 64 * 1024

interface OwnObject extends ObjectInfo {
  readonly bytes?: Uint8Array | undefined
}

/**
 * The objects of a shard as its one writer knows them, so that it need not ask the store for what it wrote itself, nor
 * for what cannot be there.
 *
 * What was there is listed once. Another writer shows when an object that must not be there is: SlateDB fences by
 * such writes alone. From then on, and after a write nobody knows the end of, everything is asked of the store.
 */
export class OwnObjects implements ShardStore {
  readonly #store: ShardStore
  readonly #known = new Map<string, OwnObject>()
  #listing: Promise<void> | undefined
  #isAlone = true

  constructor(store: ShardStore) {
    this.#store = store
  }

  /** Bytes of all objects; `undefined` when others may have written some. */
  async bytes(): Promise<number | undefined> {
    await this.#listed()
    if (!this.#isAlone) return undefined
    let sum = 0
    for (const { size } of this.#known.values()) sum += size
    return sum
  }

  /** What the shard consists of; `undefined` when others may have written to it. */
  async seal(): Promise<ShardSeal | undefined> {
    await this.#listed()
    const manifest = newestManifest(this.#known.keys())
    if (!this.#isAlone || manifest === undefined) return undefined
    const { bytes } = this.#known.get(manifest)!
    const content = bytes ?? (await this.#store.get(manifest, 0))
    if (content === undefined) return undefined
    const sizes = new Map(Array.from(this.#known, ([path, { size }]) => [path, size]))
    return sealSlateDb(sizes, manifest, content)
  }

  async get(path: string, start: number, end?: number): Promise<Uint8Array | undefined> {
    await this.#listed()
    if (!this.#isAlone) return this.#store.get(path, start, end)
    const object = this.#known.get(path)
    if (object === undefined) return undefined
    return object.bytes?.slice(start, end) ?? this.#store.get(path, start, end)
  }

  async head(path: string): Promise<ObjectInfo | undefined> {
    await this.#listed()
    return this.#isAlone ? this.#known.get(path) : this.#store.head(path)
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    await this.#listed()
    if (!this.#isAlone) {
      yield* await this.#store.list(prefix)
      return
    }
    for (const [path, { size, modifiedAt }] of this.#known) {
      if (prefix === '' || path.startsWith(`${prefix}/`)) yield { path, size, modifiedAt }
    }
  }

  async put(path: string, bytes: Uint8Array, ifAbsent: boolean): Promise<boolean> {
    await this.#listed()
    let stored = false
    try {
      stored = await this.#store.put(path, bytes, ifAbsent)
    } finally {
      if (!stored) this.#isAlone = false
    }
    const size = bytes.length
    const kept = size <= KEPT_BYTES ? bytes.slice() : undefined
    if (stored) this.#known.set(path, { size, modifiedAt: new Date(), bytes: kept })
    return stored
  }

  async delete(path: string): Promise<void> {
    await this.#listed()
    await this.#store.delete(path)
    this.#known.delete(path)
  }

  #listed(): Promise<void> {
    return (this.#listing ??= this.#list().catch((error: unknown) => {
      this.#listing = undefined // The engine may ask again.
      throw error
    }))
  }

  async #list(): Promise<void> {
    for await (const { path, size, modifiedAt } of await this.#store.list('')) {
      this.#known.set(path, { size, modifiedAt })
    }
  }
}
