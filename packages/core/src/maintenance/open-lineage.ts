import * as v from 'valibot'
import { ObjectManifestStore } from '../manifest/object-manifest-store.js'
import type { ObjectStore } from '../objects/object-store.js'
import { openStorage } from '../objects/open-storage.js'
import { validatePrefix } from '../objects/urls.js'
import { type StorageOptions, storageEntries } from '../options.js'
import { ObjectRunRegistry } from '../runs/object-run-registry.js'
import { throwIfAborted } from '../util/abort.js'

/** What maintenance of the snapshots below a prefix takes. */
export interface LineageOptions extends StorageOptions {
  /** Where the snapshots lie: `file:///…`, `s3://bucket/path` or `memory://name`. */
  prefix: string
  /** The segment below the prefix that holds run records; `runs` by default. */
  runRegistryPrefix?: string | undefined
}

export const lineageEntries = {
  prefix: v.string('must be a URL'),
  runRegistryPrefix: v.optional(v.string('must be one path segment')),
  ...storageEntries,
}

/** The published snapshots below one prefix, and the records of the runs that made them. */
export interface Lineage {
  readonly prefix: string
  readonly objects: ObjectStore
  readonly manifests: ObjectManifestStore
  readonly runs: ObjectRunRegistry
}

/** Opens the store below `prefix`, lends it to `work` and closes it again. */
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
    const { runRegistryPrefix: registryPrefix } = options
    return await work({
      prefix,
      objects,
      manifests: new ObjectManifestStore(objects, prefix),
      runs: new ObjectRunRegistry(objects, prefix, { registryPrefix }),
    })
  } finally {
    await storage.close()
  }
}
