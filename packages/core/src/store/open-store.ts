import { memoryStore } from './memory-store.js'
import type { ObjectStore } from './object-store.js'
import type { S3Options } from './s3/connect/s3-options.js'
import { schemeOf, validatePrefix } from './urls.js'

/**
 * Opens the object store that serves `prefix`, chosen by its scheme.
 *
 * Stores are imported when first needed: `file://` loads Node's file system, `s3://` an S3 client,
 * whose connection `options` describe. Pass the same `s3`, `env` and `envFile` as to readers and
 * writers; close the store after use. Errors: SHARD_INVALID_OPTION for a prefix that no store
 * serves.
 */
export async function openObjectStore(
  prefix: string,
  options: {
    s3?: S3Options | undefined
    env?: Readonly<Record<string, string | undefined>> | undefined
    envFile?: string | undefined
  } = {},
): Promise<ObjectStore> {
  const url = validatePrefix(prefix, 'openObjectStore', { reading: true })
  switch (schemeOf(url)) {
    case 'memory':
      return memoryStore(url.slice('memory://'.length).split('/', 1)[0] ?? '')
    case 'file': {
      const { FileStore } = await import('#node/store/file/file-store')
      return new FileStore()
    }
    case 'http':
    case 'https': {
      const { HttpStore } = await import('./http/http-store.js')
      return new HttpStore(url)
    }
    default: {
      const { S3Store } = await import('./s3/s3-store.js')
      return new S3Store(options, 'openObjectStore')
    }
  }
}
