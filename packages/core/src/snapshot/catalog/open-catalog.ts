import { invalidOption } from '../../errors/error-factories.js'
import type { ObjectStore } from '../../store/object-store.js'
import { ObjectRunRegistry } from '../runs/object-run-registry.js'
import type { RunRegistry } from '../runs/run-registry.js'
import { type Catalog, requireCatalog } from './catalog.js'
import type { ManifestStore } from './manifest-store.js'
import { ObjectManifestStore } from './object-manifest-store.js'

/** The catalog that a reader, a writer or a maintenance function works with. */
export interface OpenCatalog {
  readonly manifests: ManifestStore
  readonly runs: RunRegistry
  /** True for a catalog of the caller: its refs are its own names, not URLs below the prefix. */
  readonly isOwn: boolean
}

/**
 * Returns the given catalog, otherwise that of the objects below the prefix.
 *
 * Errors: SHARD_INVALID_OPTION for a value that is not a catalog.
 */
export function openCatalog(
  given: Catalog | undefined,
  objects: ObjectStore,
  prefix: string,
  where: string,
  registryPrefix?: string,
): OpenCatalog {
  if (given === undefined) {
    const manifests = new ObjectManifestStore(objects, prefix)
    const runs = new ObjectRunRegistry(objects, prefix, { registryPrefix })
    return { manifests, runs, isOwn: false }
  }
  const { manifests, runs } = requireCatalog(given, `${where}: catalog`)
  if (registryPrefix === undefined) return { manifests, runs, isOwn: true }
  throw invalidOption(
    where,
    'runRegistryPrefix is for run records below the prefix, but a catalog was given, which has its own; leave ' +
      'one of them out',
  )
}
