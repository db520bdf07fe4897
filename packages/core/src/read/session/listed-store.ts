import type { ObjectInfo, ObjectStore } from '../../store/object-store.js'
import { runFolder, SHARDS } from '../../snapshot/layout.js'
import { isBelow, joinUrl } from '../../store/urls.js'
import { compareUtf8 } from '../../text/compare-utf8.js'
import { delegate } from '../../async/delegate.js'

/** Objects S3 gives in one answer: what a listing ahead may cost is one request. */
const PAGE = 1000
/** Where a list is no request, and one of a whole run only means more work. */
const LOCAL_SCHEMES = new Set(['file', 'memory'])

interface Listing {
  readonly root: string
  readonly objects: readonly ObjectInfo[]
  readonly isComplete: boolean
}

/**
 * A store that lists a whole run while its manifest is on its way, so that opening its shards takes no list of their own.
 *
 * Published shards never change, so what was listed stays true. A shard the one page does not hold is listed by itself.
 */
export class ListedStore {
  /** The store as an engine sees it. */
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
    // What fails here is asked for again by who needs it, and then heard of.
    this.#listing = onePage(this.#base, root).catch(() => undefined)
  }

  /** Forgets what was listed; true if there was anything. */
  forget(): boolean {
    const hadListing = this.#listing !== undefined
    this.#listing = undefined
    return hadListing
  }

  #list(...args: Parameters<ObjectStore['list']>): ReturnType<ObjectStore['list']> {
    // Without a generator in between, which costs some turns for every object.
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

/** All objects below `url`, or none if the listing may lack some. */
function shardObjects(listing: Listing | undefined, url: string): readonly ObjectInfo[] {
  if (listing === undefined || !isBelow(url, listing.root)) return []
  const { objects, isComplete } = listing
  // "0" is the next letter after "/": behind it comes nothing that lies below the URL.
  const last = objects.at(-1)
  if (!isComplete && (last === undefined || compareUtf8(last.url, `${url}0`) < 0)) return []
  return objects.filter((object) => isBelow(object.url, url))
}
