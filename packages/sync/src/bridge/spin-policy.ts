import { availableParallelism } from 'node:os'

const CALLS_PER_TRIAL = 7
/** Of a trial, the calls that count: the first ones pay for the change. */
const COUNTED_CALLS = 5
const FIRST_TRIAL_AFTER = 8
const TRIAL_EVERY = 64
const TRIAL_EVERY_MAX = 2048
/** Spinning takes a core from others, so it must be clearly faster; not spinning wins ties. */
const SPIN_IF_BELOW = 0.75
const STOP_IF_BELOW = 1.05
const RETRY_IF_ABOVE = 1.5

/**
 * Decides by measured latency whether to spin for a reply; a few calls regularly try the other way.
 *
 * If both threads share a core, spinning makes a call ten times slower, and this changes with the load of the machine.
 * Counting replies that arrive while spinning does not help: a preempted spinner finds its reply late and counts it as a
 * success.
 */
export class SpinPolicy {
  /** False where there is but one core. */
  readonly #possible: boolean
  #spinning = false
  #trial = 0
  #untilTrial = FIRST_TRIAL_AFTER
  #trialEvery = TRIAL_EVERY
  readonly #trialTimes = new Float64Array(COUNTED_CALLS)
  /** Latency of the current way, smoothed; milliseconds. */
  #usual = 0
  /** The median at the last comparison. */
  #expected = 0

  constructor(possible = availableParallelism() > 1) {
    this.#possible = possible
  }

  /** Whether the next call should spin; `done` must follow. */
  next(): boolean {
    if (!this.#possible) return false
    if (this.#trial === 0 && --this.#untilTrial <= 0) {
      this.#trial = CALLS_PER_TRIAL
    }
    return this.#trial > 0 ? !this.#spinning : this.#spinning
  }

  /** Takes the latency of the call, in milliseconds. */
  done(latency: number): void {
    if (!this.#possible) return
    if (this.#trial > 0) {
      if (--this.#trial < COUNTED_CALLS) this.#trialTimes[this.#trial] = latency
      // The median: one call with a preemption must not decide.
      if (this.#trial === 0) this.#judge(this.#trialTimes.sort()[COUNTED_CALLS >> 1]!)
      return
    }
    // One very slow call says little about the next one.
    const usual = this.#usual
    this.#usual = usual === 0 ? latency : usual * 0.9 + Math.min(latency, usual * 4) * 0.1
    // The machine's load has changed, so earlier measurements no longer hold.
    if (this.#untilTrial > TRIAL_EVERY && this.#usual > this.#expected * RETRY_IF_ABOVE) {
      this.#untilTrial = FIRST_TRIAL_AFTER
    }
  }

  #judge(other: number): void {
    if (other < this.#usual * (this.#spinning ? STOP_IF_BELOW : SPIN_IF_BELOW)) {
      this.#spinning = !this.#spinning
      this.#usual = other
      this.#trialEvery = TRIAL_EVERY
    } else {
      // Failed trials become rarer, so they do not affect the slowest calls.
      this.#trialEvery = Math.min(TRIAL_EVERY_MAX, this.#trialEvery * 2)
    }
    this.#untilTrial = this.#trialEvery
    this.#expected = this.#usual
  }
}
