import * as v from 'valibot'
import { manifestError } from '../../errors/error-factories.js'
import { openStorage } from '../../store/open-storage.js'
import { isBelow, validatePrefix } from '../../store/urls.js'
import { parseOptions } from '../../options/parse-options.js'
import { storageEntries, type StorageOptions } from '../../store/storage-options.js'
import { ObjectRunRegistry } from '../runs/object-run-registry.js'
import { delegate } from '../../async/delegate.js'
import { describeUrl } from '../../text/describe-url.js'
import { CORE_MODULE, type Origin, withOrigin } from '../../async/origin.js'
import type { Catalog } from './catalog.js'
import { ObjectManifestStore } from './object-manifest-store.js'

/** Options of `objectCatalog`. */
export interface ObjectCatalogOptions extends Omit<StorageOptions, 'signal'> {
  /** Prefix of manifests, pointer and run records, such as `s3://catalog/prices`. */
  prefix: string
  /** The segment below the prefix that holds run records; `runs` by default. */
  runRegistryPrefix?: string | undefined
}

const { signal: _, ...entries } = storageEntries
const schema = v.strictObject({
  prefix: v.string('must be a URL'),
  runRegistryPrefix: v.optional(v.string('must be one path segment')),
  ...entries,
})

/**
 * Opens the catalog of objects below a prefix, for snapshots whose shards are stored elsewhere.
 * Without a `catalog`, every reader and writer uses the one below its own prefix.
 *
 * Errors: SHARD_INVALID_OPTION; SHARD_STORE if the store cannot be reached.
 */
export async function objectCatalog(options: ObjectCatalogOptions): Promise<Catalog> {
  const where = 'objectCatalog'
  const o = parseOptions(schema, options, where)
  const prefix = validatePrefix(o.prefix, where, { reading: true, existing: true })
  const { runRegistryPrefix: registryPrefix, prefix: _prefix, ...connection } = o
  const storage = await openStorage(prefix, connection, where)
  try {
    const manifests = new ObjectManifestStore(storage.objects, prefix)
    const catalog: Catalog = {
      manifests: delegate(manifests, belowPrefix(manifests, prefix)),
      runs: new ObjectRunRegistry(storage.objects, prefix, { registryPrefix }),
      close: () => storage.close(),
    }
    const origin = originOf(o)
    return origin === undefined ? catalog : withOrigin(catalog, origin)
  } catch (error) {
    await storage.close()
    throw error
  }
}

/** A caller's store and functions stay in this thread, and so does a catalog made with them. */
function originOf(o: v.InferOutput<typeof schema>): Origin | undefined {
  const { objects, ...options } = o
  const isPlain = objects === undefined && typeof o.s3?.credentials !== 'function'
  return isPlain ? { module: CORE_MODULE, export: 'objectCatalog', options } : undefined
}

/** A pointer is untrusted data: it must not lead to another bucket. */
function belowPrefix(manifests: ObjectManifestStore, prefix: string): Partial<ObjectManifestStore> {
  return {
    async loadCurrent(options) {
      const current = await manifests.loadCurrent(options)
      if (current === undefined || isBelow(current.ref, prefix)) return current
      throw manifestError(
        'objectCatalog',
        `the current manifest must be below ${prefix}, but the pointer names ` +
          `${describeUrl(current.ref)}; publish, or roll back, to replace the pointer`,
      )
    },
  }
}
