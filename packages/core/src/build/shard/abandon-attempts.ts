import type { ObjectStore } from '../../store/object-store.js'
import { removeSealed } from './attempt-marks.js'
import type { ShardLane } from './shard-lane.js'

/**
 * Removes what a build wrote that will not be published; sealed shards stay for a resumption with `keepSealed`.
 *
 * Best effort: nothing refers to these objects, and a cleanup would find them too.
 */
export async function abandonAttempts(
  objects: ObjectStore,
  lanes: readonly ShardLane[],
  { prefix, keepSealed }: { prefix: string; keepSealed: boolean },
): Promise<void> {
  const removals = lanes.flatMap((lane) =>
    lane.attemptUrls.map(async (url) => {
      if (url !== lane.sealedUrl) await objects.deletePrefix(url, { within: prefix })
      else if (!keepSealed) await removeSealed(objects, url, prefix)
    }),
  )
  await Promise.allSettled(removals)
}
