import { delay } from './delay.js'

/** Time as a bucket sees it, in milliseconds; tests bring their own. */
export interface Clock {
  now(): number
  delay(ms: number, signal?: AbortSignal): Promise<void>
}

const SYSTEM_CLOCK: Clock = { now: () => performance.now(), delay }

/** Timers take no longer waits (2^31 ms), and fire at once if asked to. */
const LONGEST_WAIT_MS = 2 ** 30

/**
 * Keeps what is taken to a rate: `ratePerSecond` tokens a second, saved up for one second at most, full at first.
 *
 * More may be taken than there is, also more than a bucket ever holds: it then goes into debt, and the taker waits
 * until that is paid. So nobody waits for ever, and takers are served in the order they came in.
 * Source: wire-format §12.4; the peer's `acquire(n)` with n above the rate never returns.
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

  /** Takes `amount` tokens; the promise, if any, must be awaited before doing what they are for. */
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
      // Aborted: what was not used is there for the next.
      this.#tokens += amount
      throw error
    }
  }
}
