import type { ObjectInfo, ObjectStore } from '../../store/object-store.js'
import { runFolder, SHARDS } from '../../snapshot/layout.js'
import { isBelow, joinUrl } from '../../store/urls.js'
import { compareUtf8 } from '../../text/compare-utf8.js'
import { delegate } from '../../async/delegate.js'

/** Objects in one list response of S3: listing ahead costs at most one request. */
const PAGE = 1000
/** For these, a list is not a request, and listing a whole run only adds work. */
const LOCAL_SCHEMES = new Set(['file', 'memory'])

interface Listing {
  readonly root: string
  readonly objects: readonly ObjectInfo[]
  readonly isComplete: boolean
}

/**
 * Lists a whole run while its manifest is loading, so that opening its shards needs no further
 * lists.
 *
 * Published shards never change, so the listing stays valid. A shard outside the one page is listed
 * separately.
 */
export class ListedStore {
  /** The store for the engine. */
  readonly objects: ObjectStore
  readonly #base: ObjectStore
  readonly #prefix: string
  #listing: Promise<Listing | undefined> | undefined

  constructor(base: ObjectStore, prefix: string) {
    this.#base = base
    this.#prefix = prefix
    this.objects = delegate(base, { list: this.#list.bind(this), origin: undefined })
  }

  /** Starts to list the shards of a run, where writers put them (wire-format §1.1). */
  listAhead(runId: string): void {
    if (LOCAL_SCHEMES.has(this.#base.scheme)) return
    const root = joinUrl(this.#prefix, SHARDS, runFolder(runId))
    // Ignore failures: the caller lists again on demand and reports the error then.
    this.#listing = onePage(this.#base, root).catch(() => undefined)
  }

  /** Drops the listing; returns true if there was one. */
  forget(): boolean {
    const hadListing = this.#listing !== undefined
    this.#listing = undefined
    return hadListing
  }

  #list(...args: Parameters<ObjectStore['list']>): ReturnType<ObjectStore['list']> {
    // Without a generator in between, which adds several microtasks per object.
    return this.#listing === undefined
      ? this.#base.list(...args)
      : this.#listOf(this.#listing, ...args)
  }

  async *#listOf(
    listing: Promise<Listing | undefined>,
    ...args: Parameters<ObjectStore['list']>
  ): AsyncGenerator<ObjectInfo> {
    const found = shardObjects(await listing, args[0])
    yield* found.length > 0 ? found : this.#base.list(...args)
  }
}

async function onePage(base: ObjectStore, root: string): Promise<Listing> {
  const objects: ObjectInfo[] = []
  for await (const object of base.list(root)) {
    objects.push(object)
    if (objects.length === PAGE) return { root, objects, isComplete: false }
  }
  return { root, objects, isComplete: true }
}

/** Returns all objects below `url`, or none if the listing may be incomplete. */
function shardObjects(listing: Listing | undefined, url: string): readonly ObjectInfo[] {
  if (listing === undefined || !isBelow(url, listing.root)) return []
  const { objects, isComplete } = listing
  // "0" follows "/" in ASCII: everything after it is outside the URL.
  const last = objects.at(-1)
  if (!isComplete && (last === undefined || compareUtf8(last.url, `${url}0`) < 0)) return []
  return objects.filter((object) => isBelow(object.url, url))
}
