/** The buckets of one series of a histogram. */
export class Histogram {
  readonly bounds: readonly number[]
  /** The number of values up to each bound, without those of the buckets before. */
  readonly #counts: Float64Array
  sum = 0
  count = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  /** Adds a value that stands for `weight` values. */
  observe(value: number, weight: number): void {
    let bucket = 0
    while (bucket < this.bounds.length && value > this.bounds[bucket]!) bucket++
    this.#counts[bucket]! += weight
    this.sum += value * weight
    this.count += weight
  }

  /** Returns the number of values up to each bound. */
  cumulative(): number[] {
    let sum = 0
    return this.bounds.map((_, i) => (sum += this.#counts[i]!))
  }
}
