/** Sums over the values of two vectors in float64, from which every metric is computed. */
export interface VectorSums {
  readonly dot: number
  /** The product of the lengths. */
  readonly lengths: number
  /** The squared distance. */
  readonly squares: number
}

export function vectorSums(a: ArrayLike<number>, b: ArrayLike<number>): VectorSums {
  let [dot, aa, bb, squares] = [0, 0, 0, 0]
  for (let j = 0; j < a.length; j++) {
    dot += a[j]! * b[j]!
    aa += a[j]! ** 2
    bb += b[j]! ** 2
    squares += (a[j]! - b[j]!) ** 2
  }
  return { dot, lengths: Math.sqrt(aa * bb), squares }
}
