import type { Kernel, Region } from '../kernel/kernel.js'
import { normalize } from '../kmeans/train-centroids.js'

/** Rows and the list of each. */
export interface AssignedRows {
  readonly rows: Region
  readonly assigned: Region
  /** What each row is multiplied by. */
  readonly weights: Region | undefined
  readonly start: number
  readonly count: number
}

/** The sums of the rows of each list, for their means. */
export class CentroidSums {
  readonly #kernel: Kernel
  readonly #dimensions: number
  readonly #lists: number
  readonly #sums: Region
  readonly #counts: Region

  constructor(kernel: Kernel, lists: number, dimensions: number) {
    this.#kernel = kernel
    this.#dimensions = dimensions
    this.#lists = lists
    this.#sums = kernel.reserve(4 * Math.max(4, lists * dimensions))
    this.#counts = kernel.reserve(4 * Math.max(4, lists))
    this.clear()
  }

  clear(): void {
    this.#sums.bytesView().fill(0)
    this.#counts.bytesView().fill(0)
  }

  add({ assigned, weights, ...points }: AssignedRows): void {
    const set = { ...points, dimensions: this.#dimensions }
    this.#kernel.accumulate(set, assigned, this.#sums, this.#counts, weights)
  }

  /** Replaces centroids by the means of their rows, and returns those without rows, which stay. */
  writeMeans(centroids: Float32Array, spherical: boolean): number[] {
    const dimensions = this.#dimensions
    const [sums, counts] = [this.#sums.floats(), this.#counts.words()]
    const empty: number[] = []
    for (let c = 0; c < this.#lists; c++) {
      const members = counts[c]!
      if (members === 0) empty.push(c)
      else
        for (let j = c * dimensions; j < (c + 1) * dimensions; j++)
          centroids[j] = sums[j]! / members
    }
    if (spherical) normalize(centroids, dimensions)
    return empty
  }

  release(): void {
    this.#kernel.release(this.#sums)
    this.#kernel.release(this.#counts)
  }
}
