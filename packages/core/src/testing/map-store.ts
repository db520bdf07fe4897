import type { ShardyfusionError } from '../errors.js'
import { storeError } from '../errors/error-factories.js'
import type { ObjectInfo, ObjectStore } from '../store/object-store.js'
import { checkObjectUrl, checkPrefixUrl } from '../store/object-url.js'
import { openObjectStore } from '../store/open-store.js'
import { isBelow, schemeOf, withoutTrailingSlashes } from '../store/urls.js'
import { describeUrl } from '../text/describe-url.js'

/** Options of `mapStore`. */
export interface MapStoreOptions {
  /** Prefix of the served URLs, such as `s3://bucket`. */
  readonly from: string
  /** Prefix of their objects, such as `file:///tmp/bucket`. */
  readonly to: string
  /** The store of `to`; chosen by its scheme if omitted. */
  readonly store?: ObjectStore | undefined
}

/**
 * Serves `s3://bucket/…` (or any other) URLs from a local folder or from memory.
 *
 * Snapshots then have the URLs of production, without a server and without credentials. Names that
 * a file URL would read differently (`%`) are escaped. Errors: SHARD_STORE for URLs outside `from`.
 */
export async function mapStore(options: MapStoreOptions): Promise<ObjectStore> {
  const from = withoutTrailingSlashes(options.from)
  const to = withoutTrailingSlashes(options.to)
  const store = options.store ?? (await openObjectStore(to))
  const scheme = schemeOf(from) ?? ''
  const isFile = schemeOf(to) === 'file'
  const mapped = (url: string, where: string): string => {
    if (url !== from && !isBelow(url, from)) throw outside(url, from, where)
    const path = url.slice(from.length)
    return to + (isFile ? path.replaceAll('%', '%25') : path)
  }
  const object = (call: string, url: string): string =>
    mapped(checkObjectUrl(url, scheme, `mapStore.${call}`), `mapStore.${call}`)
  const below = (call: string, url: string): string =>
    mapped(checkPrefixUrl(url, scheme, `mapStore.${call}`), `mapStore.${call}`)
  const back = (url: string): string => {
    const path = url.slice(to.length)
    return from + (isFile ? decodeURIComponent(path) : path)
  }
  const named = (info: ObjectInfo): ObjectInfo => ({ ...info, url: back(info.url) })
  return {
    scheme,
    get: async (url, o) => store.get(object('get', url), o),
    head: async (url, o) => {
      const info = await store.head(object('head', url), o)
      return info && named(info)
    },
    put: async (url, bytes, o) => store.put(object('put', url), bytes, o),
    async *list(url, o) {
      for await (const info of store.list(below('list', url), o)) yield named(info)
    },
    listPrefixes: async (url, o) =>
      (await store.listPrefixes(below('listPrefixes', url), o)).map(back),
    delete: async (url, o) => store.delete(object('delete', url), o),
    deletePrefix: async (url, o) => store.deletePrefix(below('deletePrefix', url), o),
    ...(store.upload !== undefined && {
      upload: async (url, o) => store.upload!(object('upload', url), o),
    }),
    ...(store.sync !== undefined && {
      sync: async (url, o) => store.sync!(below('sync', url), o),
    }),
    close: async () => store.close?.(),
  }
}

function outside(url: string, from: string, where: string): ShardyfusionError {
  return storeError(
    where,
    `${describeUrl(url)} is not below ${from}, the only prefix of this store`,
  )
}
