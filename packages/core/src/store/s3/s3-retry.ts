import { delay } from '../../async/delay.js'

const FIRST_DELAY_MS = 200
const MAX_DELAY_MS = 4000
const MAX_TOTAL_MS = 30_000

export interface RetryOptions {
  /** Maximum number of attempts, including the first. */
  readonly maxAttempts: number
  readonly signal?: AbortSignal | undefined
  /** Returns true if another attempt may follow the attempt of this number (from 1). */
  readonly canRetry: (error: unknown, attempt: number) => boolean
}

/**
 * Runs `work` until it succeeds, fails for good, or the attempts or the time are used up.
 *
 * Units: pauses double from 200 ms up to 4 s. A random part of up to half is subtracted, so that
 * clients that failed together do not retry together. No attempt begins after 30 s. Source:
 * wire-format §12.3.
 */
export async function withRetries<T>(
  work: (attempt: number) => Promise<T>,
  { maxAttempts, signal, canRetry }: RetryOptions,
): Promise<T> {
  const start = performance.now()
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt)
    } catch (error) {
      const longest = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1))
      const pause = longest * (0.5 + Math.random() / 2)
      const tooLate = performance.now() - start + pause > MAX_TOTAL_MS
      if (signal?.aborted || attempt >= maxAttempts || tooLate || !canRetry(error, attempt)) {
        throw error
      }
      await delay(pause, signal)
    }
  }
}
