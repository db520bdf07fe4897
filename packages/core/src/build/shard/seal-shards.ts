import pLimit from 'p-limit'
import { throwIfAborted } from '../../async/abort.js'
import type { ShardAttemptResult } from './shard-attempt-result.js'
import type { ShardLane } from './shard-lane.js'

/**
 * Seals the shards, a few at a time, and returns their results; calls `sealed` with each one as it
 * finishes.
 *
 * After a failure no new one starts, but running ones are awaited, because they still write.
 */
export async function sealShards(
  lanes: Iterable<ShardLane>,
  o: { concurrency: number; signal: AbortSignal | undefined; sealed: () => void },
): Promise<ShardAttemptResult[]> {
  const limit = pLimit(o.concurrency)
  const results: ShardAttemptResult[] = []
  const failures: unknown[] = []
  const sealOne = async (lane: ShardLane): Promise<void> => {
    if (failures.length > 0) return
    try {
      throwIfAborted(o.signal)
      results.push(await lane.seal())
      o.sealed()
    } catch (error) {
      failures.push(error)
    }
  }
  await limit.map(lanes, sealOne)
  if (failures.length > 0) throw failures[0]
  return results
}
