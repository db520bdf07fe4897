import { delay } from '../../async/delay.js'
import { throwIfAborted } from '../../async/abort.js'
import { jobAttempts } from '../../build/open/build-job.js'
import { emit } from '../../diagnostics/events.js'
import { traced } from '../../diagnostics/traces.js'
import { isShardyfusionError, ShardyfusionError } from '../../errors.js'
import { type MergedShard, mergeShard, type MergeSetting } from './merge-shard.js'

/** Maximum delay before another attempt. */
const MAX_BACKOFF_MS = 60 * 60 * 1000

export interface MergeAttempts extends MergeSetting {
  readonly onRetry: () => void
  /** Receives the URL of every attempt, as soon as it is known. */
  readonly urls: string[]
}

/**
 * Merges one shard in as many attempts as `retry` allows; each one reads the old shard again.
 *
 * Errors: the last one.
 */
export async function mergeWithRetries(
  shard: number,
  setting: MergeAttempts,
): Promise<MergedShard> {
  const { job, urls, onRetry } = setting
  const { retry, signal } = job.options
  const attempts = jobAttempts(job, shard)
  for (let failed = 0; ;) {
    try {
      return await traced(
        'shard-write',
        () => ({ prefix: job.prefix, runId: job.runId, shard }),
        () => mergeShard(shard, attempts, setting),
        (message, { result, tally }) => {
          Object.assign(message, { rows: tally.written, bytes: result?.bytes ?? 0 })
        },
      )
    } catch (error) {
      throwIfAborted(signal)
      if (!isTransient(error)) throw error
      const left = retry !== undefined && failed < retry.maxRetries
      if (!left) throw failed === 0 ? error : gaveUp(error, shard, failed + 1)
      const { initialBackoffMs, backoffMultiplier } = retry
      const delayMs = Math.min(MAX_BACKOFF_MS, initialBackoffMs * backoffMultiplier ** failed)
      failed++
      const { prefix, runId } = job
      emit('shard-retry', () => ({ prefix, runId, shard, attempts: failed, delayMs, error }))
      job.warn(
        `attempt ${failed} at shard ${shard} failed; the next one starts in ${delayMs} ms`,
        error,
      )
      onRetry()
      await delay(delayMs, signal)
    } finally {
      for (const url of attempts.urls) if (!urls.includes(url)) urls.push(url)
    }
  }
}

/** An error not thrown by this SDK comes from a foreign engine, and may be transient. */
function isTransient(error: unknown): boolean {
  return !isShardyfusionError(error) || error.retryable
}

function gaveUp(error: unknown, shard: number, attempts: number): unknown {
  if (!isShardyfusionError(error)) return error
  const { code, message, retryable, details } = error
  return new ShardyfusionError(code, `shard ${shard}, after ${attempts} attempts: ${message}`, {
    retryable,
    cause: error,
    details: { ...details, shard, attempts },
  })
}
