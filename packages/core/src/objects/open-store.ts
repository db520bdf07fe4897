import { ShardyfusionError } from '../errors.js'
import { memoryStore } from './memory-store.js'
import type { ObjectStore } from './object-store.js'
import { schemeOf, validatePrefix } from './urls.js'

/**
 * The object store that serves `prefix`, chosen by its scheme.
 *
 * Stores are imported when first needed: `file://` pulls in Node's file system, `s3://` an S3 client.
 * Errors: SHARD_INVALID_OPTION for a prefix no store serves.
 */
export async function openObjectStore(prefix: string): Promise<ObjectStore> {
  const url = validatePrefix(prefix, 'openObjectStore', { reading: true })
  switch (schemeOf(url)) {
    case 'memory':
      return memoryStore(url.slice('memory://'.length).split('/', 1)[0] ?? '')
    case 'file': {
      const { FileStore } = await import('#node/objects/file-store')
      return new FileStore()
    }
    case 'http':
    case 'https': {
      const { HttpStore } = await import('./http-store.js')
      return new HttpStore(url)
    }
    default:
      throw new ShardyfusionError(
        'SHARD_INVALID_OPTION',
        'openObjectStore: s3:// prefixes need the S3 store, which this version does not have yet; ' +
          'pass `objects` with a store of your own, or use file:///, memory:// or, for reading, https://',
        { details: { peer: 'ConfigValidationError' } },
      )
  }
}
