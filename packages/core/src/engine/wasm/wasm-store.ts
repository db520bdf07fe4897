import type { ListedObject, ObjectStore as ShardStore } from 'slatedb-wasm'
import { ShardyfusionError } from '../../errors.js'
import type { ObjectStore } from '../../objects/object-store.js'

/** The objects below a shard's URL as the package wants them: by path relative to the shard. */
export function shardStore(
  objects: ObjectStore | undefined,
  url: string,
  where: string,
): ShardStore {
  if (objects === undefined) {
    throw new ShardyfusionError(
      'SHARD_INVALID_OPTION',
      `${where}: objects is required: a store that serves ${url}`,
      {
        details: { peer: 'ConfigValidationError' },
      },
    )
  }
  const at = (path: string): string => `${url}/${path}`
  return {
    get: (path, start, end = Number.MAX_SAFE_INTEGER) =>
      objects.get(at(path), { range: { start, end } }),
    head: async (path) => {
      const info = await objects.head(at(path))
      return info && { size: info.bytes, modifiedAt: info.modifiedAt }
    },
    put: (path, bytes, ifAbsent) => objects.put(at(path), bytes, { ifAbsent }),
    list: (prefix) => listBelow(objects, prefix === '' ? url : at(prefix), url),
    delete: (path) => objects.delete(at(path)),
  }
}

async function* listBelow(
  objects: ObjectStore,
  below: string,
  url: string,
): AsyncGenerator<ListedObject> {
  for await (const object of objects.list(below)) {
    yield {
      path: object.url.slice(url.length + 1),
      size: object.bytes,
      modifiedAt: object.modifiedAt,
    }
  }
}
