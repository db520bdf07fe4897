import { buildManifest } from '../../build/publish/build-manifest.js'
import { requireStored } from '../../build/publish/require-stored.js'
import type { Selection } from '../../build/publish/select-winners.js'
import type { BuildJob } from '../../build/open/build-job.js'
import type { ShardAttemptResult } from '../../build/shard/shard-attempt-result.js'
import type { ManifestRef } from '../../snapshot/catalog/manifest-store.js'
import { publishManifest } from '../../snapshot/catalog/publish.js'
import { isPublishConflict } from '../../snapshot/catalog/publication-guard.js'
import { DB_PATH_TEMPLATE, SHARDS } from '../../snapshot/layout.js'
import type { Manifest, ManifestShard } from '../../snapshot/manifest/manifest.js'
import { readSeal } from '../../snapshot/manifest/read-seal.js'
import type { BaseSnapshot } from '../base-snapshot.js'
import { withClaims } from './claim-runs.js'
import { conflict } from './conflict.js'

/** The shards of the next snapshot. */
export interface NextShards {
  /** The new ones. */
  readonly selection: Selection
  /** Those of earlier runs. */
  readonly kept: readonly ManifestShard[]
  /** URLs of new ones that are durable. */
  readonly durable: ReadonlySet<string>
}

/**
 * Makes the new shards and those taken over the current snapshot, if the base still is.
 *
 * Errors: SHARD_PUBLISH, with `details.conflict` if another snapshot is current; SHARD_BUSY while a
 * cleanup removes a run that is taken over; those of `requireStored`.
 */
export async function publishUpdate(
  job: BuildJob,
  base: BaseSnapshot,
  { selection, kept, durable }: NextShards,
  expectedCurrent: string | undefined,
  where: string,
): Promise<{ readonly manifest: Manifest; readonly ref: ManifestRef }> {
  await requireStored(job, selection.winners)
  const { catalog, objects, options } = job
  const { signal } = options
  const manifest = updatedManifest(job, base, [...selection.winners, ...kept.map(asResult)])
  const urls = selection.winners.flatMap(({ url }) => url ?? [])
  return withClaims(job, kept, where, async () => {
    try {
      const ref = await publishManifest(catalog.manifests, manifest, {
        objects,
        shardUrls: urls.filter((url) => !durable.has(url)),
        expectedCurrent: base.storedRef,
        signal,
      })
      return { manifest, ref }
    } catch (error) {
      if (!isPublishConflict(error)) throw error
      // An earlier call may have moved the pointer, and lost the answer.
      const current = await catalog.manifests.loadCurrent({ signal })
      if (current?.runId === job.runId)
        return {
          manifest: await catalog.manifests.loadManifest(current.ref, { signal }),
          ref: current,
        }
      throw await conflictOf(job, base, expectedCurrent, where, error)
    }
  })
}

/** The error of an update whose base is not current any more. */
export async function conflictOf(
  { catalog }: BuildJob,
  base: BaseSnapshot,
  expectedCurrent: string | undefined,
  where: string,
  cause: unknown,
): Promise<Error> {
  const current = await catalog.manifests.loadCurrent().catch(() => undefined)
  const problem = `this update started from run ${JSON.stringify(base.ref.runId)}, which was current`
  return conflict(where, problem, current, { expectedCurrent }, cause)
}

function updatedManifest(
  { runId, options, layout, engine, warn }: BuildJob,
  { manifest }: BaseSnapshot,
  shards: readonly ShardAttemptResult[],
): Manifest {
  const { keyColumn, keyEncoding, custom } = options
  return buildManifest(
    shards,
    {
      runId,
      prefix: options.prefix,
      shards: manifest.shards,
      sharding: layout.spec,
      keyColumn,
      keyEncoding,
      shardPrefix: SHARDS,
      dbPathTemplate: DB_PATH_TEMPLATE,
      shardFormat: engine.format,
      valueCodec: manifest.valueCodec,
      custom: { ...manifest.custom, ...custom, ...engine.manifestFields?.(undefined, true) },
    },
    warn,
  )
}

/** A shard of an earlier run, as one of this one. */
function asResult(entry: ManifestShard): ShardAttemptResult {
  const { seal: _, ...rest } = entry
  const seal = readSeal(entry, 'updateSnapshot')
  return { ...rest, ...(seal !== undefined && { seal }), allAttemptUrls: [] }
}
