/** The distribution of a quantity over shards. */
export interface Spread {
  readonly total: number
  readonly mean: number
  readonly min: number
  readonly max: number
  readonly median: number
  /** Maximum divided by the mean; 1 is perfectly even. */
  readonly skew: number
  /** Standard deviation divided by the mean. */
  readonly variation: number
}

export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0)
    return { total: 0, mean: 0, min: 0, max: 0, median: 0, skew: 1, variation: 0 }
  const sorted = values.toSorted((a, b) => a - b)
  const total = sorted.reduce((sum, value) => sum + value, 0)
  const mean = total / sorted.length
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sorted.length
  const max = sorted.at(-1)!
  return {
    total,
    mean,
    min: sorted[0]!,
    max,
    median: sorted[Math.floor((sorted.length - 1) / 2)]!,
    skew: mean === 0 ? 1 : max / mean,
    variation: mean === 0 ? 0 : Math.sqrt(variance) / mean,
  }
}
