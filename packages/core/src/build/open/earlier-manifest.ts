import { isShardyfusionError } from '../../errors.js'
import { invalidOption } from '../../errors/error-factories.js'
import { describeValue } from '../../options/describe-value.js'
import type {
  ManifestCallOptions,
  ManifestRef,
  ManifestStore,
} from '../../snapshot/catalog/manifest-store.js'
import type { Manifest } from '../../snapshot/manifest/manifest.js'

/** A run that is already the current snapshot. */
export interface PublishedRun {
  readonly ref: ManifestRef
  readonly manifest: Manifest
}

/**
 * Checks whether a run was published before; it cannot be built again under the same id.
 *
 * A current run may be resumed, and then has nothing to do. A build that died between its manifest
 * and the pointer may be repeated: readers have never seen it. Errors: SHARD_INVALID_OPTION if the
 * run is published, unless it is current and resumed.
 */
export async function earlierManifest(
  manifests: ManifestStore,
  run: { readonly prefix: string; readonly runId: string; readonly resume: boolean },
  options: ManifestCallOptions,
): Promise<PublishedRun | undefined> {
  const { prefix, runId, resume } = run
  const refs = (await manifests.listManifests(Number.MAX_SAFE_INTEGER, options)).filter(
    (ref) => ref.runId === runId,
  )
  if (refs.length === 0) return undefined
  const current = await currentOf(manifests, options)
  if (current === undefined) return undefined
  if (resume && current.runId === runId) {
    return { ref: current, manifest: await manifests.loadManifest(current.ref, options) }
  }
  // The pointer was last moved before any of these manifests existed.
  if (refs.every((ref) => ref.publishedMicros > current.publishedMicros)) return undefined
  const advice = resume
    ? `the current snapshot is of run ${describeValue(current.runId)}, and resuming does not replace it`
    : 'omit it to get a random one'
  throw invalidOption(
    'SnapshotWriter.open',
    `runId must be new, but ${JSON.stringify(runId)} is published below ${prefix}; ${advice}`,
    { details: { runId } },
  )
}

async function currentOf(
  manifests: ManifestStore,
  options: ManifestCallOptions,
): Promise<ManifestRef | undefined> {
  try {
    return await manifests.loadCurrent(options)
  } catch (error) {
    if (!isShardyfusionError(error) || error.code !== 'SHARD_MANIFEST') throw error
    // A broken pointer names no run; publishing again replaces it.
    return undefined
  }
}
