import type { CachedObject } from './block-cache-contract.js'
import type { ObjectInfo, ObjectStore } from '../object-store.js'
import { checkObjectUrl } from '../object-url.js'

const MAX_VERSIONS = 16_384

/** Size and version of an object. */
export interface ObjectVersion {
  readonly bytes: number
  readonly version: string
  /** Set by the cache, which computes it once. */
  object?: CachedObject
}

/**
 * Versions of immutable objects, by URL: from the lists that engines make anyway, otherwise from one
 * HEAD for each object.
 */
export class ObjectVersions {
  readonly #store: ObjectStore
  readonly #known = new Map<string, Promise<ObjectVersion | undefined>>()

  constructor(store: ObjectStore) {
    this.#store = store
  }

  /** Records what a list has found. */
  note(info: ObjectInfo): void {
    this.#set(info.url, Promise.resolve(versionOf(info)))
  }

  forget(url: string): void {
    this.#known.delete(url)
  }

  forgetAll(): void {
    this.#known.clear()
  }

  /** Returns the version; `undefined` if the object does not exist. */
  async of(url: string): Promise<ObjectVersion | undefined> {
    const known = this.#known.get(url)
    if (known !== undefined) return known
    checkObjectUrl(url, this.#store.scheme, 'cachedStore.get')
    const asked = this.#store.head(url).then((info) => info && versionOf(info))
    this.#set(url, asked)
    try {
      const found = await asked
      // It may be written later.
      if (found === undefined) this.#known.delete(url)
      return found
    } catch (error) {
      this.#known.delete(url)
      throw error
    }
  }

  #set(url: string, version: Promise<ObjectVersion | undefined>): void {
    if (this.#known.size >= MAX_VERSIONS) {
      const [oldest] = this.#known.keys()
      this.#known.delete(oldest!)
    }
    this.#known.set(url, version)
  }
}

function versionOf({ bytes, etag, modifiedAt }: ObjectInfo): ObjectVersion {
  return { bytes, version: etag ?? modifiedAt.toISOString() }
}
