import type { ListedObject, ObjectInfo, ObjectStore as ShardStore } from 'slatedb-wasm'
import type { ShardSeal } from '../../engine/shard-seal.js'
import { newestManifest, sealSlateDb } from '../slatedb-seal.js'

/** Objects up to this size are cached: manifests, of which the newest is read at every change. */
const MAX_CACHED_BYTES = 64 * 1024

interface OwnObject extends ObjectInfo {
  readonly bytes?: Uint8Array | undefined
}

/**
 * Tracks the objects of a shard for its only writer, so that it need not ask the store for objects
 * it wrote, or for objects that cannot exist.
 *
 * The initial objects are listed once. An object that must not exist reveals another writer:
 * SlateDB fences only by such writes. From then on, and after a write with an unknown outcome,
 * every request goes to the store.
 */
export class OwnObjects implements ShardStore {
  readonly #store: ShardStore
  readonly #known = new Map<string, OwnObject>()
  #listing: Promise<void> | undefined
  #isAlone = true

  constructor(store: ShardStore) {
    this.#store = store
  }

  /** Returns the bytes of all objects; `undefined` if others may have written some. */
  async bytes(): Promise<number | undefined> {
    await this.#listed()
    if (!this.#isAlone) return undefined
    let sum = 0
    for (const { size } of this.#known.values()) sum += size
    return sum
  }

  /** Returns the seal of the shard; `undefined` if others may have written to it. */
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
    const cached = size <= MAX_CACHED_BYTES ? bytes.slice() : undefined
    if (stored) this.#known.set(path, { size, modifiedAt: new Date(), bytes: cached })
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
