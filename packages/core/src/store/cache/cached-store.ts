import { openBlockCache } from '#node/store/cache/open-block-cache'
import { orAbort } from '../../async/abort.js'
import { delegate } from '../../async/delegate.js'
import { parseOptions } from '../../options/parse-options.js'
import { isAttemptObject } from '../../snapshot/layout.js'
import type { GetObjectOptions, ObjectInfo, ObjectStore } from '../object-store.js'
import { clipRange } from '../transfer/clip-range.js'
import type { BlockCache, ByteSpan, CachedObject } from './block-cache-contract.js'
import { type CacheOptions, cacheSchema, type CacheStats } from './cache-options.js'
import { ObjectVersions } from './object-versions.js'

/** The methods that a cache adds to a store. */
export interface CachedStore {
  /** Also waits, with a bound, for blocks that are being written to the cache. */
  close(): Promise<void>
  /** Returns the counts since the cache was opened. */
  cacheStats(): CacheStats
}

interface Fetch extends ByteSpan {
  readonly bytes: Promise<Uint8Array | undefined>
}

/**
 * Wraps a store with a cache of immutable objects in local files, which processes share and which
 * outlives them.
 *
 * Blocks of 64 KiB are stored by URL, size and ETag of their object, and a checksum for every 8 KiB
 * is compared when they are read. Only objects of attempts at shards are cached (or those that
 * `isImmutable` selects): never manifests or pointers. Sizes and ETags come from the lists that
 * readers make; an object that was not listed needs one HEAD. A disk that is full, read-only or
 * damaged means fewer hits, one warning, and no error. Errors: SHARD_INVALID_OPTION.
 *
 * @example
 * const objects = cachedStore(await openObjectStore(prefix), { folder: '/var/cache/prices' })
 */
export function cachedStore<S extends ObjectStore>(
  store: S,
  options: CacheOptions,
  isImmutable: (url: string) => boolean = isAttemptObject,
): S & CachedStore {
  const o = parseOptions(cacheSchema, options, 'cachedStore')
  const reads = new CachedReads(store, openBlockCache(o), isImmutable, o.maxBytes)
  const changes: Partial<ObjectStore> & CachedStore = {
    // Another thread would make the store without the cache.
    origin: undefined,
    get: (url, getOptions) => reads.get(url, getOptions),
    readNow: undefined,
    list: (url, callOptions) => reads.list(url, callOptions),
    put: (url, ...rest) => store.put(url, ...rest).finally(() => reads.versions.forget(url)),
    delete: (url, ...rest) => store.delete(url, ...rest).finally(() => reads.versions.forget(url)),
    deletePrefix: (url, ...rest) =>
      store.deletePrefix(url, ...rest).finally(() => reads.versions.forgetAll()),
    ...(store.upload !== undefined && {
      upload: async (url, callOptions) => {
        const upload = await store.upload!(url, callOptions)
        const complete = (head?: Uint8Array): Promise<void> =>
          upload.complete(head).finally(() => reads.versions.forget(url))
        return delegate(upload, { complete })
      },
    }),
    close: async () => {
      await reads.cache.close()
      await store.close?.()
    },
    cacheStats: () => reads.stats(o),
  }
  return delegate(store as S & CachedStore, changes as Partial<S & CachedStore>)
}

class CachedReads {
  readonly cache: BlockCache
  readonly versions: ObjectVersions
  readonly #store: ObjectStore
  readonly #isImmutable: (url: string) => boolean
  readonly #maxSpanBytes: number
  readonly #fetching = new Map<string, Set<Fetch>>()
  #hits = 0
  #hitBytes = 0
  #misses = 0
  #missBytes = 0

  constructor(
    store: ObjectStore,
    cache: BlockCache,
    isImmutable: (url: string) => boolean,
    maxBytes: number,
  ) {
    this.#store = store
    this.#maxSpanBytes = maxBytes / 4
    this.cache = cache
    this.versions = new ObjectVersions(store)
    this.#isImmutable = isImmutable
  }

  stats({ folder, maxBytes }: { folder: string; maxBytes: number }): CacheStats {
    const { damaged, problem } = this.cache
    const [hits, hitBytes, misses, missBytes] = [
      this.#hits,
      this.#hitBytes,
      this.#misses,
      this.#missBytes,
    ]
    return { folder, maxBytes, hits, hitBytes, misses, missBytes, damaged, problem }
  }

  async get(url: string, options: GetObjectOptions = {}): Promise<Uint8Array | undefined> {
    const { signal } = options
    if (!this.#isImmutable(url)) return this.#store.get(url, options)
    signal?.throwIfAborted()
    const found = await orAbort(this.versions.of(url), signal)
    if (found === undefined) return undefined
    const span = clipRange(options.range, found.bytes)
    if (span.start === span.end) return new Uint8Array(0)
    if (span.end - span.start > this.#maxSpanBytes) return this.#uncached(url, options)
    found.object ??= this.cache.object(url, found.bytes, found.version)
    const { object } = found
    const bytes = await orAbort(this.#cached(url, object, span), signal)
    if (bytes !== undefined) return bytes
    // The object is not the one that was listed.
    this.versions.forget(url)
    return this.#store.get(url, options)
  }

  async *list(...args: Parameters<ObjectStore['list']>): AsyncGenerator<ObjectInfo> {
    for await (const info of this.#store.list(...args)) {
      if (this.#isImmutable(info.url)) this.versions.note(info)
      yield info
    }
  }

  /** One read must not drive everything else out of the cache, nor be in memory twice. */
  async #uncached(url: string, options: GetObjectOptions): Promise<Uint8Array | undefined> {
    this.#misses++
    const bytes = await this.#store.get(url, options)
    this.#missBytes += bytes?.length ?? 0
    return bytes
  }

  /** Returns the bytes of a span; `undefined` if storage has a different object. */
  async #cached(
    url: string,
    object: CachedObject,
    span: ByteSpan,
  ): Promise<Uint8Array | undefined> {
    const before = this.#misses
    const cached = await this.cache.read(object, span)
    const bytes = cached ?? (await this.#load(url, object, span))
    if (bytes !== undefined && (cached !== undefined || this.#misses === before)) {
      this.#hits++
      this.#hitBytes += bytes.length
    }
    return bytes
  }

  async #load(url: string, object: CachedObject, span: ByteSpan): Promise<Uint8Array | undefined> {
    const gap = await this.cache.missing(object, span)
    // Another process may have fetched it in the meantime.
    const found = gap === undefined ? await this.cache.read(object, span) : undefined
    return found ?? this.#fetchAround(url, object, span, gap ?? span)
  }

  /** Fetches the missing blocks, and takes the bytes before and after them from the cache. */
  async #fetchAround(
    url: string,
    object: CachedObject,
    span: ByteSpan,
    gap: ByteSpan,
  ): Promise<Uint8Array | undefined> {
    const fetched = await this.#fetch(url, object, gap)
    if (fetched === undefined) return undefined
    const bytes = new Uint8Array(span.end - span.start)
    const start = Math.max(span.start, gap.start)
    const end = Math.min(span.end, gap.end)
    bytes.set(fetched.subarray(start - gap.start, end - gap.start), start - span.start)
    for (const side of [
      { start: span.start, end: start },
      { start: end, end: span.end },
    ]) {
      if (side.start >= side.end) continue
      // Usually there; a damaged file is one more gap.
      const part = (await this.cache.read(object, side)) ?? (await this.#load(url, object, side))
      if (part === undefined) return undefined
      bytes.set(part, side.start - span.start)
    }
    return bytes
  }

  /** Fetches a span once for all that need it at the same time. The bytes must not be changed. */
  async #fetch(url: string, object: CachedObject, span: ByteSpan): Promise<Uint8Array | undefined> {
    const fetches = this.#fetching.get(object.id) ?? new Set()
    for (const { start, end, bytes } of fetches) {
      if (start > span.start || end < span.end) continue
      return (await bytes)?.subarray(span.start - start, span.end - start)
    }
    const fetch: Fetch = { ...span, bytes: this.#request(url, span) }
    this.#fetching.set(object.id, fetches.add(fetch))
    try {
      const bytes = await fetch.bytes
      if (bytes !== undefined) await this.cache.write(object, span.start, bytes)
      return bytes
    } finally {
      fetches.delete(fetch)
      if (fetches.size === 0) this.#fetching.delete(object.id)
    }
  }

  async #request(url: string, range: ByteSpan): Promise<Uint8Array | undefined> {
    this.#misses++
    // Callers share the request, so no caller's signal ends it.
    const bytes = await this.#store.get(url, { range })
    this.#missBytes += bytes?.length ?? 0
    return bytes?.length === range.end - range.start ? bytes : undefined
  }
}
