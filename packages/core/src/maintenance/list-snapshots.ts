import * as v from 'valibot'
import { isSameManifest } from '../manifest/find-manifest.js'
import type { ManifestRef } from '../manifest/manifest-store.js'
import { integer, parseOptions } from '../options.js'
import { lineageEntries, type LineageOptions, withLineage } from './open-lineage.js'

export interface ListSnapshotsOptions extends LineageOptions {
  /** Snapshots listed at most; 10 by default. */
  limit?: number | undefined
}

/** A published snapshot; `isCurrent` if readers open it now. */
export interface ListedSnapshot extends ManifestRef {
  readonly isCurrent: boolean
}

const schema = v.strictObject({
  ...lineageEntries,
  limit: v.optional(integer(1, 'snapshots'), 10),
})

/**
 * The history of a prefix: what was published there and not cleaned up, newest first.
 *
 * Reads names and the pointer, no manifest. The current one may be missing where it is older than `limit`
 * others, as after a rollback.
 * Errors: SHARD_MANIFEST for a malformed pointer; SHARD_STORE.
 */
export async function listSnapshots(options: ListSnapshotsOptions): Promise<ListedSnapshot[]> {
  const where = 'listSnapshots'
  const o = parseOptions(schema, options, where)
  const { signal } = o
  const reading = true
  return withLineage(
    o,
    where,
    async ({ manifests }) => {
      const current = await manifests.loadCurrent({ signal })
      const listed = await manifests.listManifests(o.limit, { signal })
      return listed.map((ref) =>
        Object.assign(ref, { isCurrent: current !== undefined && isSameManifest(ref, current) }),
      )
    },
    { reading },
  )
}
