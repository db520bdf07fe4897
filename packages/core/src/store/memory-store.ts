import { compareUtf8 } from '../text/compare-utf8.js'
import { clipRange } from './transfer/clip-range.js'
import { checkObjectUrl, checkPrefixUrl } from './object-url.js'
import type {
  GetObjectOptions,
  ObjectCallOptions,
  ObjectInfo,
  ObjectStore,
  ObjectUpload,
  PutObjectOptions,
} from './object-store.js'
import { collectingSink } from './upload/open-upload.js'
import { startUpload } from './upload/start-upload.js'

interface StoredObject {
  readonly bytes: Uint8Array
  readonly modifiedMs: number
}

/**
 * Keeps objects in the memory of this process, for tests and for snapshots that need not outlive
 * it.
 *
 * Shape: serves `memory://name/…` URLs of any name; puts and gets copy the bytes. Errors:
 * SHARD_STORE for a URL it cannot serve; an aborted signal's own reason.
 */
export class MemoryStore implements ObjectStore {
  readonly scheme = 'memory'
  readonly #objects = new Map<string, StoredObject>()

  async get(url: string, options: GetObjectOptions = {}): Promise<Uint8Array | undefined> {
    const found = this.#find(url, 'get', options)
    if (found === undefined) return undefined
    const { start, end } = clipRange(options.range, found.bytes.length)
    return found.bytes.slice(start, end)
  }

  async head(url: string, options: ObjectCallOptions = {}): Promise<ObjectInfo | undefined> {
    const found = this.#find(url, 'head', options)
    return found === undefined ? undefined : describe(url, found)
  }

  async put(url: string, bytes: Uint8Array, options: PutObjectOptions = {}): Promise<boolean> {
    if (this.#find(url, 'put', options) !== undefined && options.ifAbsent === true) return false
    // Not bytes.slice(): on a Buffer, it returns a view of the caller's memory.
    this.#objects.set(url, { bytes: new Uint8Array(bytes), modifiedMs: Date.now() })
    return true
  }

  async upload(url: string, options: ObjectCallOptions = {}): Promise<ObjectUpload> {
    this.#find(url, 'upload', options)
    return startUpload('MemoryStore.upload', url, options, async () =>
      collectingSink(async (bytes) => {
        this.#objects.set(url, { bytes, modifiedMs: Date.now() })
      }),
    )
  }

  async *list(url: string, options: ObjectCallOptions = {}): AsyncGenerator<ObjectInfo> {
    for (const name of this.#below(url, 'list', options)) {
      options.signal?.throwIfAborted()
      const found = this.#objects.get(name)
      if (found !== undefined) yield describe(name, found)
    }
  }

  async listPrefixes(url: string, options: ObjectCallOptions = {}): Promise<string[]> {
    const start = checkPrefixUrl(url, this.scheme, 'MemoryStore.listPrefixes').length + 1
    const children = new Set<string>()
    for (const name of this.#below(url, 'listPrefixes', options)) {
      const slash = name.indexOf('/', start)
      if (slash !== -1) children.add(name.slice(0, slash))
    }
    // Sort again: `a-b/…` comes before `a/…`, but `a` before `a-b`.
    return [...children].sort(compareUtf8)
  }

  async delete(url: string, options: ObjectCallOptions = {}): Promise<void> {
    this.#find(url, 'delete', options)
    this.#objects.delete(url)
  }

  async deletePrefix(url: string, options: ObjectCallOptions = {}): Promise<number> {
    const names = this.#below(url, 'deletePrefix', options)
    for (const name of names) this.#objects.delete(name)
    return names.length
  }

  /** Removes every object. */
  clear(): void {
    this.#objects.clear()
  }

  #find(url: string, call: string, options: ObjectCallOptions): StoredObject | undefined {
    options.signal?.throwIfAborted()
    return this.#objects.get(checkObjectUrl(url, this.scheme, `MemoryStore.${call}`))
  }

  #below(url: string, call: string, options: ObjectCallOptions): string[] {
    options.signal?.throwIfAborted()
    const root = checkPrefixUrl(url, this.scheme, `MemoryStore.${call}`)
    const below: string[] = []
    // "0" comes after "/": names between the two begin with `root/`. Ten times as fast as startsWith.
    const [first, end] = [`${root}/`, `${root}0`]
    for (const name of this.#objects.keys()) if (name > first && name < end) below.push(name)
    return below.sort(compareUtf8)
  }
}

function describe(url: string, found: StoredObject): ObjectInfo {
  return { url, bytes: found.bytes.length, modifiedAt: new Date(found.modifiedMs) }
}

const stores = new Map<string, MemoryStore>()

/**
 * Returns the store of `memory://<name>/…` URLs; every call in this process returns the same
 * object.
 *
 * It lasts as long as the process (each worker thread has its own); `clearMemoryStore` frees the
 * memory.
 */
export function memoryStore(name: string): MemoryStore {
  let store = stores.get(name)
  if (store === undefined) {
    store = new MemoryStore()
    stores.set(name, store)
  }
  return store
}

/**
 * Empties the store of that name. Existing references stay valid and share it with later callers.
 */
export function clearMemoryStore(name: string): void {
  stores.get(name)?.clear()
}
