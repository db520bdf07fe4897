import { delay } from '../../async/delay.js'
import { throwIfAborted } from '../../async/abort.js'
import type { ShardAttempts } from '../../build/shard/shard-attempts.js'
import { nextAttempt, reportRetry } from '../../build/shard/shard-retry.js'
import { traced } from '../../diagnostics/traces.js'
import { type MergedShard, mergeShard, type MergeSetting } from './merge-shard.js'

/**
 * Merges one shard in as many attempts as `retry` allows; each one reads the old shard again.
 *
 * Errors: those of `nextAttempt`; without `retry`, the first one.
 */
export async function mergeWithRetries(
  attempts: ShardAttempts,
  setting: MergeSetting,
  onRetry: () => void,
): Promise<MergedShard> {
  const { job } = setting
  const { prefix, runId } = job
  const { retry, signal } = job.options
  const { shard } = attempts
  for (let failed = 0; ;) {
    try {
      return await traced(
        'shard-write',
        () => ({ prefix, runId, shard }),
        () => mergeShard(shard, attempts, setting),
        (message, { result, tally }) => {
          Object.assign(message, { rows: tally.written, bytes: result?.bytes ?? 0 })
        },
      )
    } catch (error) {
      throwIfAborted(signal)
      if (retry === undefined) throw error
      const next = nextAttempt(error, shard, ++failed, retry, 'SnapshotUpdater')
      reportRetry(job, next)
      onRetry()
      await delay(next.delayMs, signal)
    }
  }
}
