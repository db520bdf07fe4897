import { ShardyfusionError } from '../../errors.js'
import type { RunRegistry } from '../runs/run-registry.js'
import type { Origin } from '../../async/origin.js'
import type { ManifestStore } from './manifest-store.js'

/**
 * Stores manifests, the pointer to the current one, and run records; implement it to bring your
 * own.
 *
 * One catalog serves one lineage of snapshots. Shards stay in object storage.
 * `runCatalogConformance` of `@shardyfusion/core/testing` checks a catalog.
 */
export interface Catalog {
  /** Manifests and the pointer. */
  readonly manifests: ManifestStore
  /** Records of runs. */
  readonly runs: RunRegistry
  /**
   * Describes how another thread or process makes the same catalog. Without it, the catalog works
   * in this thread only.
   */
  readonly origin?: Origin | undefined
  /** Releases connections; idempotent. */
  close?(): Promise<void>
}

const MANIFEST_CALLS = [
  'publish',
  'loadCurrent',
  'loadManifest',
  'listManifests',
  'setCurrent',
  'delete',
] as const
const RUN_CALLS = ['create', 'update', 'load', 'delete', 'list'] as const

function isCatalog(value: unknown): value is Catalog {
  const { manifests, runs } = (value ?? {}) as Partial<Catalog>
  return hasCalls(manifests, MANIFEST_CALLS) && hasCalls(runs, RUN_CALLS)
}

function hasCalls(value: unknown, calls: readonly string[]): boolean {
  const object = (value ?? {}) as Readonly<Record<string, unknown>>
  return calls.every((call) => typeof object[call] === 'function')
}

const NOT_A_CATALOG = `must be a catalog: manifests with ${MANIFEST_CALLS.join(', ')}, and runs with ${RUN_CALLS.join(', ')}`

/** Checks that a value is a catalog. Errors: SHARD_INVALID_OPTION. */
export function requireCatalog(value: unknown, where: string): Catalog {
  if (isCatalog(value)) return value
  throw new ShardyfusionError('SHARD_INVALID_OPTION', `${where} ${NOT_A_CATALOG}`, {
    details: { peer: 'ConfigValidationError' },
  })
}
