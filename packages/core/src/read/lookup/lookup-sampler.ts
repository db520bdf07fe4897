import { type DiagnosticsEvents, lookups } from '../../diagnostics/events.js'
import type { ReaderCounters } from '../../diagnostics/reader-stats.js'

/** Of the lookups that memory answers, one in this many is timed on average; of the first ones, more. */
const SAMPLE_EVERY = 64

/**
 * Times lookups for the channel `lookup`: all that wait, and a sample of the others, whose number it
 * reports as the weight.
 *
 * A clock costs as much as a lookup in memory, so it is read for few. The distances between samples
 * are random: with a fixed one, a caller with a rhythm would be timed at the same key again and again.
 */
export class LookupSampler {
  readonly #prefix: string
  readonly #counters: ReaderCounters
  #left = 1
  /** Number of lookups in memory at the last sample. */
  #sampled = 0

  constructor(prefix: string, counters: ReaderCounters) {
    this.#prefix = prefix
    this.#counters = counters
  }

  /** Returns the time if this lookup is in the sample, 0 otherwise. */
  start(): number {
    if (--this.#left > 0) return 0
    return this.#startSample()
  }

  #startSample(): number {
    // Readers with few lookups are timed, too.
    const every = Math.min(SAMPLE_EVERY, 1 + Math.floor(this.#inMemory / SAMPLE_EVERY))
    this.#left = 1 + Math.floor(Math.random() * (2 * every - 1))
    if (lookups.hasSubscribers) return performance.now()
    // The first sample of a later subscriber must not stand for all lookups before it.
    this.#sampled = this.#inMemory
    return 0
  }

  /** Ends a lookup in the sample that memory has answered. */
  end(value: unknown, startedAt: number): void {
    const weight = this.#inMemory - this.#sampled
    this.#sampled += weight
    this.#publish('get', 1, value === undefined ? 0 : 1, startedAt, weight)
  }

  /** Returns the value of a lookup that has to wait; `startedAt` as `start` returned it. */
  wait<T>(found: Promise<T>, startedAt: number): Promise<T> {
    this.#counters.waits++
    return lookups.hasSubscribers ? this.#timed(found, startedAt) : found
  }

  /** Ends a lookup that has waited without a promise; `startedAt` is 0 if it is not timed. */
  endWait(value: unknown, startedAt: number): void {
    this.#counters.waits++
    if (startedAt !== 0) this.#publish('get', 1, value === undefined ? 0 : 1, startedAt, 0)
  }

  async #timed<T>(found: Promise<T>, startedAt: number): Promise<T> {
    const from = startedAt === 0 ? performance.now() : startedAt
    const value = await found
    this.#publish('get', 1, value === undefined ? 0 : 1, from, 0)
    return value
  }

  endBatch(keys: number, found: number, startedAt: number): void {
    this.#publish('getMany', keys, found, startedAt, 0)
  }

  get #inMemory(): number {
    return this.#counters.gets - this.#counters.waits
  }

  /** `weight` is 0 for lookups that are all timed. */
  #publish(
    method: 'get' | 'getMany',
    keys: number,
    found: number,
    startedAt: number,
    weight: number,
  ): void {
    const event: DiagnosticsEvents['lookup'] = {
      prefix: this.#prefix,
      method,
      keys,
      found,
      durationMs: performance.now() - startedAt,
      fromMemory: weight > 0,
      weight: weight > 0 ? weight : 1,
    }
    lookups.publish(event)
  }
}
