import pLimit from 'p-limit'
import { throwIfAborted } from '../../async/abort.js'
import type { ShardAttemptResult } from './shard-attempt-result.js'
import type { ShardLane } from './shard-lane.js'

/**
 * Seals the shards, a few at a time, and returns their results; calls `sealed` with each one as it
 * finishes. The next shard starts when the engine of one is done, while its mark is still stored.
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
  const ends: Promise<void>[] = []
  const sealOne = async (lane: ShardLane, written: () => void): Promise<void> => {
    try {
      throwIfAborted(o.signal)
      results.push(await lane.seal(written))
      o.sealed()
    } catch (error) {
      failures.push(error)
    }
    written()
  }
  await limit.map(lanes, async (lane) => {
    if (failures.length > 0) return
    await new Promise<void>((written) => {
      ends.push(sealOne(lane, written))
    })
  })
  await Promise.all(ends)
  if (failures.length > 0) throw failures[0]
  return results
}
