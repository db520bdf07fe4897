/** The median. For an even number of values it is the lower middle one, so that it is always a measured value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[(sorted.length - 1) >> 1] ?? Number.NaN
}

/** The smallest and the largest value. */
export function spread(values: readonly number[]): readonly [number, number] {
  return [Math.min(...values), Math.max(...values)]
}

/** Rounds to three significant digits, as in records. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3))
}
