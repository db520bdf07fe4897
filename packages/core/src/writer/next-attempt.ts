import { isShardyfusionError, ShardyfusionError } from '../errors.js'
import type { ManifestRef, ManifestStore } from '../manifest/manifest-store.js'
import { ObjectManifestStore } from '../manifest/object-manifest-store.js'
import type { ObjectStore } from '../objects/object-store.js'
import { joinUrl, lastSegment } from '../objects/urls.js'

/**
 * The first attempt number no earlier build of this run id has used, so that nothing of theirs is mixed in.
 *
 * A build that died between its manifest and the pointer may be done again: readers have never seen it.
 * Errors: SHARD_INVALID_OPTION when a run of this id is published already.
 */
export async function nextAttempt(
  objects: ObjectStore,
  prefix: string,
  shardPrefix: string,
  runId: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  const manifests = new ObjectManifestStore(objects, prefix)
  const ofRun = (await manifests.listManifests(Number.MAX_SAFE_INTEGER, { signal })).filter(
    (ref) => ref.runId === runId,
  )
  if (ofRun.length > 0 && (await wasCurrent(ofRun, manifests, signal))) {
    throw new ShardyfusionError(
      'SHARD_INVALID_OPTION',
      `SnapshotWriter.open: runId must be new, but ${JSON.stringify(runId)} is published below ${prefix}; leave it out ` +
        `to get a random one`,
      { details: { peer: 'ConfigValidationError', runId } },
    )
  }
  let next = 0
  for (const shard of await objects.listPrefixes(joinUrl(prefix, shardPrefix, `run_id=${runId}`), {
    signal,
  })) {
    for (const attempt of await objects.listPrefixes(shard, { signal })) {
      const match = /^attempt=(\d+)$/.exec(lastSegment(attempt))
      if (match !== null) next = Math.max(next, Number(match[1]) + 1)
    }
  }
  return next
}

/** True unless the pointer was last moved before any of these manifests was there. */
async function wasCurrent(
  refs: readonly ManifestRef[],
  manifests: ManifestStore,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let current: ManifestRef | undefined
  try {
    current = await manifests.loadCurrent({ signal })
  } catch (error) {
    if (!isShardyfusionError(error) || error.code !== 'SHARD_MANIFEST') throw error
    // A broken pointer tells nothing; to publish anew is how it is mended.
    return false
  }
  if (current === undefined) return false
  const { publishedMicros } = current
  return refs.some((ref) => ref.publishedMicros <= publishedMicros)
}
