import { ShardyfusionError } from '../errors.js'
import { ObjectManifestStore } from '../manifest/object-manifest-store.js'
import type { ObjectStore } from '../objects/object-store.js'
import { joinUrl, lastSegment } from '../objects/urls.js'

/**
 * The first attempt number no earlier build of this run id has used, so that nothing of theirs is mixed in.
 *
 * Errors: SHARD_INVALID_OPTION when a run of this id is published already.
 */
export async function nextAttempt(
  objects: ObjectStore,
  prefix: string,
  shardPrefix: string,
  runId: string,
): Promise<number> {
  const published = await new ObjectManifestStore(objects, prefix).listManifests(
    Number.MAX_SAFE_INTEGER,
  )
  if (published.some((ref) => ref.runId === runId)) {
    throw new ShardyfusionError(
      'SHARD_INVALID_OPTION',
      `SnapshotWriter.open: runId must be new, but ${JSON.stringify(runId)} is published below ${prefix}; leave it out ` +
        `to get a random one`,
      { details: { peer: 'ConfigValidationError', runId } },
    )
  }
  let next = 0
  for (const shard of await objects.listPrefixes(joinUrl(prefix, shardPrefix, `run_id=${runId}`))) {
    for (const attempt of await objects.listPrefixes(shard)) {
      const match = /^attempt=(\d+)$/.exec(lastSegment(attempt))
      if (match !== null) next = Math.max(next, Number(match[1]) + 1)
    }
  }
  return next
}
