import type { ListedObject, ObjectStore as ShardStore } from 'slatedb-wasm'
import { engineError, invalidOption } from '../../errors/error-factories.js'
import type { ObjectStore } from '../../store/object-store.js'

const LEAST_TABLE_BYTES = 16

/** Adapts the objects below a shard's URL to the package: by path relative to the shard. */
export function shardStore(
  objects: ObjectStore | undefined,
  url: string,
  where: string,
): ShardStore {
  if (objects === undefined) {
    throw invalidOption(where, `objects is required: a store that serves ${url}`)
  }
  const at = (path: string): string => `${url}/${path}`
  const readNow = objects.readNow?.bind(objects)
  // The same string for each call, whose hash is known.
  const urls = new Map<string, string>()
  const urlOf = (path: string): string => {
    let found = urls.get(path)
    if (found === undefined) urls.set(path, (found = at(path)))
    return found
  }
  return {
    ...(readNow !== undefined && {
      readNow: (path, start, target) => readNow(urlOf(path), start, target),
    }),
    get: (path, start, end = Number.MAX_SAFE_INTEGER) =>
      objects.get(at(path), { range: { start, end } }),
    head: async (path) => {
      const info = await objects.head(at(path))
      return info && { size: info.bytes, modifiedAt: info.modifiedAt }
    },
    // In object storage an upload takes more requests than a put.
    ...(objects.upload !== undefined &&
      objects.scheme === 'file' && { upload: (path) => objects.upload!(at(path)) }),
    put: (path, bytes, ifAbsent) => objects.put(at(path), bytes, { ifAbsent }),
    list: (prefix) => listBelow(objects, prefix === '' ? url : at(prefix), url),
    delete: (path) => objects.delete(at(path)),
  }
}

async function listBelow(
  objects: ObjectStore,
  below: string,
  url: string,
): Promise<ListedObject[]> {
  const listed: ListedObject[] = []
  for await (const object of objects.list(below)) {
    refuseTruncated(object.url, object.bytes)
    listed.push({
      path: object.url.slice(url.length + 1),
      size: object.bytes,
      modifiedAt: object.modifiedAt,
    })
  }
  return listed
}

/**
 * A table ends with the offsets of its parts; the engine assumes it has that much, and aborts if
 * not.
 */
function refuseTruncated(url: string, bytes: number): void {
  // Log files may be empty: an empty one marks where a writer took over.
  if (bytes >= LEAST_TABLE_BYTES || !/\/compacted\/[^/]+\.sst$/.test(url)) return
  throw engineError(
    'wasm engine',
    `the table ${url} is cut short (${bytes} bytes); restore or rebuild the shard`,
    { details: { url, bytes } },
  )
}
