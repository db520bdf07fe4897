import { delay } from './delay.js'

/** The clock of a bucket, in milliseconds; tests replace it. */
export interface Clock {
  now(): number
  delay(ms: number, signal?: AbortSignal): Promise<void>
}

const SYSTEM_CLOCK: Clock = { now: () => performance.now(), delay }

/** Timers cannot wait longer (2^31 ms); they would fire at once. */
const LONGEST_WAIT_MS = 2 ** 30

/**
 * Limits a rate: `ratePerSecond` tokens a second, saved up for at most one second; it starts full.
 *
 * A caller may take more than is available, even more than the bucket ever holds: the bucket then
 * goes into debt, and the caller waits until the debt is paid. So every wait ends, and callers are
 * served in order. Source: wire-format §12.4; the peer's `acquire(n)` with n above the rate never
 * returns.
 */
export class TokenBucket {
  readonly #rate: number
  readonly #clock: Clock
  #tokens: number
  #updatedAt: number

  constructor(ratePerSecond: number, clock: Clock = SYSTEM_CLOCK) {
    this.#rate = ratePerSecond
    this.#clock = clock
    this.#tokens = ratePerSecond
    this.#updatedAt = clock.now()
  }

  /** Takes `amount` tokens; await the promise, if there is one, before using them. */
  take(amount: number, signal?: AbortSignal): Promise<void> | undefined {
    const now = this.#clock.now()
    const earned = ((now - this.#updatedAt) / 1000) * this.#rate
    this.#tokens = Math.min(this.#rate, this.#tokens + earned) - amount
    this.#updatedAt = now
    if (this.#tokens >= 0) return undefined
    return this.#wait(now + (-this.#tokens / this.#rate) * 1000, amount, signal)
  }

  async #wait(until: number, amount: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      for (let left = until - this.#clock.now(); left > 0; left = until - this.#clock.now()) {
        await this.#clock.delay(Math.min(Math.ceil(left), LONGEST_WAIT_MS), signal)
      }
    } catch (error) {
      // Aborted: return the unused tokens to the next caller.
      this.#tokens += amount
      throw error
    }
  }
}
