/** The length of 16-bit codes in the kernel: eight are multiplied at a time. See `padded_length` in rust/src/padded.rs. */
export function paddedLength(dimensions: number): number {
  return (dimensions + 7) & ~7
}

/** Where a code is: zeros come before those of the last, incomplete eight. */
export function paddedPlace(j: number, dimensions: number): number {
  const whole = dimensions & ~7
  return j < whole ? j : j + paddedLength(dimensions) - dimensions
}

/** Writes values as 16-bit codes to `out` and returns their scale, a float32; 0 for zeros. */
export function writeCodes(values: Float32Array, out: Int16Array): number {
  const dimensions = values.length
  let most = 0
  for (let j = 0; j < dimensions; j++) most = Math.max(most, Math.abs(values[j]!))
  // Sums of products with codes up to 127 fit in 31 bits.
  const limit = Math.min(32767, Math.floor((2 ** 31 - 1) / (127 * dimensions)) - 1)
  const scale = Math.fround(most / limit)
  const whole = dimensions & ~7
  const gap = paddedLength(dimensions) - dimensions
  out.fill(0, whole, dimensions + gap)
  for (let j = 0; j < dimensions; j++)
    out[j < whole ? j : j + gap] = scale > 0 ? Math.round(values[j]! / scale) : 0
  return scale
}
