/** The middle value; of an even number the lower one of the two, so that it is always one that occurred. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[(sorted.length - 1) >> 1] ?? Number.NaN
}

/** Smallest and largest. */
export function spread(values: readonly number[]): readonly [number, number] {
  return [Math.min(...values), Math.max(...values)]
}

/** To three significant digits, as a record keeps it. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3))
}
