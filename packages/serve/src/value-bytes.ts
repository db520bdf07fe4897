/** Weight of a batch with smaller values than expected; larger ones count at once. */
const SMALLER = 1 / 16

/**
 * The expected bytes of a value, by those that were read: they bound what one lookup takes in memory
 * before its size is known.
 */
export class ValueBytes {
  #mean: number

  /** `expected` is the first guess: stored rows may be compressed. */
  constructor(expected: number) {
    this.#mean = expected
  }

  /** Returns the number of keys whose values take about `bytes`, from 1 to `max`. */
  keysOf(bytes: number, max: number): number {
    return Math.max(1, Math.min(max, Math.floor(bytes / this.#mean)))
  }

  /** Adds values that were read: `keys` of them take `bytes`. */
  add(keys: number, bytes: number): void {
    if (keys === 0) return
    const mean = Math.max(1, bytes / keys)
    this.#mean += (mean > this.#mean ? 1 : SMALLER) * (mean - this.#mean)
  }
}
