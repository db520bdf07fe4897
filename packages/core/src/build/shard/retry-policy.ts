import * as v from 'valibot'
import { integer } from '../../options/scalars.js'

/** How often, and after which delays, a failed shard is written again. */
export interface RetryPolicy {
  /** Number of attempts after the first; 3 by default. */
  maxRetries?: number | undefined
  /** Delay before the second attempt, in milliseconds; 1,000 by default. */
  initialBackoffMs?: number | undefined
  /** Factor from each delay to the next; 2 by default. */
  backoffMultiplier?: number | undefined
}

const MULTIPLIER = 'must be a number of 1 or more (times the previous delay)'

const multiplierSchema = v.pipe(
  v.number(MULTIPLIER),
  v.check((n) => Number.isFinite(n) && n >= 1, MULTIPLIER),
)

export const retrySchema = v.strictObject({
  maxRetries: v.optional(integer(0, 'retries'), 3),
  initialBackoffMs: v.optional(integer(0, 'milliseconds'), 1000),
  backoffMultiplier: v.optional(multiplierSchema, 2),
})
