import { emit } from '../../diagnostics/events.js'
import { isShardyfusionError, ShardyfusionError } from '../../errors.js'
import { engineError } from '../../errors/error-factories.js'
import { isError } from '../../errors/is-error.js'
import type { RetryPolicy } from './retry-policy.js'

/** Maximum delay before another attempt. */
const MAX_BACKOFF_MS = 60 * 60 * 1000

/** A failed attempt that another one follows. */
export interface ShardRetry {
  readonly shard: number
  /** Number of failed attempts so far. */
  readonly attempts: number
  readonly delayMs: number
  readonly error: ShardyfusionError
}

/**
 * Decides whether another attempt at a shard follows a failed one; `attempts` counts the failed ones.
 *
 * Only transient failures are retried. Errors not thrown by this SDK count as transient. Errors: the
 * failure if it is final; if it is the last that the policy allows, with `details.attempts`.
 * Source: wire-format §6; peer `run_with_retry`.
 */
export function nextAttempt(
  failure: unknown,
  shard: number,
  attempts: number,
  policy: Required<RetryPolicy>,
  where: string,
): ShardRetry {
  const error = asShardError(failure, shard, where)
  if (!error.retryable) throw error
  if (attempts > policy.maxRetries) throw gaveUp(error, shard, attempts)
  const backoffMs = policy.initialBackoffMs * policy.backoffMultiplier ** (attempts - 1)
  return { shard, attempts, delayMs: Math.min(backoffMs, MAX_BACKOFF_MS), error }
}

/** The run whose attempt failed. */
interface RetryingRun {
  readonly prefix: string
  readonly runId: string
  warn(message: string, error?: unknown): void
}

/** Reports that an attempt has failed and another one follows. */
export function reportRetry(
  run: RetryingRun,
  { shard, attempts, delayMs, error }: ShardRetry,
): void {
  const { prefix, runId } = run
  emit('shard-retry', () => ({ prefix, runId, shard, attempts, delayMs, error }))
  run.warn(
    `attempt ${attempts} at shard ${shard} failed; the next one starts in ${delayMs} ms`,
    error,
  )
}

/** An error not thrown by this SDK comes from a foreign engine, and may be transient. */
function asShardError(error: unknown, shard: number, where: string): ShardyfusionError {
  if (isShardyfusionError(error)) return error
  const message = isError(error) ? error.message : String(error)
  return engineError(where, `shard ${shard} could not be written: ${message}`, {
    peer: 'ShardWriteError',
    retryable: true,
    cause: error,
    details: { shard },
  })
}

function gaveUp(error: ShardyfusionError, shard: number, attempts: number): ShardyfusionError {
  const { code, message, retryable, details } = error
  return new ShardyfusionError(code, `shard ${shard}, after ${attempts} attempts: ${message}`, {
    retryable,
    cause: error,
    details: { ...details, shard, attempts },
  })
}
