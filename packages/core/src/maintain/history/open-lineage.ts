import * as v from 'valibot'
import { openCatalog, type OpenCatalog } from '../../snapshot/catalog/open-catalog.js'
import type { ObjectCallOptions, ObjectStore } from '../../store/object-store.js'
import { openStorage } from '../../store/open-storage.js'
import { validatePrefix } from '../../store/urls.js'
import { catalogEntries, type CatalogOption } from '../../snapshot/catalog/catalog-option.js'
import { type StorageOptions, storageEntries } from '../../store/storage-options.js'
import { throwIfAborted } from '../../async/abort.js'

/** Options for the maintenance of the snapshots below a prefix. */
export interface LineageOptions extends StorageOptions, CatalogOption {
  /** Prefix of the snapshots: `file:///…`, `s3://bucket/path` or `memory://name`. */
  prefix: string
  /** The segment below the prefix that holds run records; `runs` by default. */
  runRegistryPrefix?: string | undefined
}

export const lineageEntries = {
  prefix: v.string('must be a URL'),
  runRegistryPrefix: v.optional(v.string('must be one path segment')),
  ...catalogEntries,
  ...storageEntries,
}

/** The published snapshots below one prefix, and the records of the runs that made them. */
export interface Lineage extends OpenCatalog {
  readonly prefix: string
  readonly objects: ObjectStore
}

/** Opens the store below `prefix`, passes it to `work` and closes it. */
export async function withLineage<T>(
  options: LineageOptions,
  where: string,
  work: (lineage: Lineage) => Promise<T>,
  { reading = false }: { reading?: boolean } = {},
): Promise<T> {
  const prefix = validatePrefix(options.prefix, where, { reading, existing: true })
  throwIfAborted(options.signal)
  const storage = await openStorage(prefix, options, where)
  try {
    const { objects } = storage
    const catalog = openCatalog(options.catalog, objects, prefix, where, options.runRegistryPrefix)
    return await work({ prefix, objects, ...catalog })
  } finally {
    await storage.close()
  }
}

/**
 * Returns the bytes of a manifest or a run record; `undefined` if it does not exist, 0 if the
 * catalog does not report them.
 */
export async function bytesOfRef(
  { objects, isOwn }: Lineage,
  ref: string,
  options: ObjectCallOptions,
): Promise<number | undefined> {
  return isOwn ? 0 : (await objects.head(ref, options))?.bytes
}
