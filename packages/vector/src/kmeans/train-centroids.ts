import { yieldIfDue } from '@shardyfusion/core/internal-vector'
import type { Kernel, PointSet, Region } from '../kernel/kernel.js'
import { seededRandom } from './random.js'

export interface TrainingOptions {
  readonly dimensions: number
  readonly clusters: number
  /** Cosine: the points and centroids have length 1. */
  readonly spherical: boolean
  readonly iterations: number
  readonly seed: number
  readonly signal?: AbortSignal | undefined
  /** Called between steps. */
  readonly onStep?: (() => void) | undefined
}

/**
 * Finds centroids of points by k-means (Lloyd). The first ones are points, far from each other if there are few.
 *
 * With `spherical`, `points` must have length 1. Gives fewer clusters than asked for only if there are fewer points.
 */
export async function trainCentroids(
  kernel: Kernel,
  points: Float32Array,
  o: TrainingOptions,
): Promise<Float32Array<ArrayBuffer>> {
  const { dimensions, iterations, signal } = o
  const count = points.length / dimensions
  const clusters = Math.min(o.clusters, count)
  const random = seededRandom(o.seed)
  let centroids = firstCentroids(points, { ...o, clusters }, random)
  const rows = kernel.reserve(4 * Math.max(4, points.length))
  const assigned = kernel.reserve(4 * Math.max(4, count))
  try {
    rows.floats().set(points)
    for (let round = 0; round < iterations; round++) {
      await assignPoints(kernel, { rows, start: 0, count, dimensions }, centroids, o, assigned)
      const next = await means(kernel, points, { rows, count, assigned, clusters }, o, random)
      const isDone = next.every((value, i) => value === centroids[i])
      centroids = next
      signal?.throwIfAborted()
      if (isDone) break
    }
    return centroids
  } finally {
    kernel.release(rows)
    kernel.release(assigned)
  }
}

/** Writes the nearest centroid of each point to `out`; other work of the thread gets its turns. */
async function assignPoints(
  kernel: Kernel,
  points: PointSet,
  centroids: Float32Array,
  { spherical, signal, onStep }: Pick<TrainingOptions, 'spherical' | 'signal' | 'onStep'>,
  out: Region,
): Promise<void> {
  const { dimensions } = points
  const clusters = centroids.length / dimensions
  const centres = kernel.reserve(4 * Math.max(4, centroids.length))
  const biases = kernel.reserve(4 * Math.max(4, clusters))
  try {
    centres.floats().set(centroids)
    const bias = biases.floats()
    for (let c = 0; c < clusters; c++)
      bias[c] = spherical ? 0 : halfSquare(centroids, c, dimensions)
    const set = { rows: centres, start: 0, count: clusters, dimensions }
    const step = Math.max(4, Math.floor(kernel.productsPerCall / (clusters * dimensions)))
    for (let start = 0; start < points.count; start += step) {
      const count = Math.min(step, points.count - start)
      kernel.assign({ ...points, start: points.start + start, count }, set, biases, out)
      const turn = yieldIfDue()
      if (turn === undefined) continue
      await turn
      signal?.throwIfAborted()
      onStep?.()
    }
  } finally {
    kernel.release(centres)
    kernel.release(biases)
  }
}

/** Divides each row by its length. Rows of zeros stay. */
export function normalize(rows: Float32Array, dimensions: number): void {
  for (let at = 0; at < rows.length; at += dimensions) {
    let sum = 0
    for (let j = at; j < at + dimensions; j++) sum += rows[j]! * rows[j]!
    if (sum === 0) continue
    const factor = 1 / Math.sqrt(sum)
    for (let j = at; j < at + dimensions; j++) rows[j]! *= factor
  }
}

/** Above this many clusters, the first centroids are random points: choosing far ones would take too long. */
const MOST_SPREAD = 64

function firstCentroids(
  points: Float32Array,
  { dimensions, clusters }: TrainingOptions,
  random: () => number,
): Float32Array<ArrayBuffer> {
  const count = points.length / dimensions
  const point = (i: number): Float32Array => points.subarray(i * dimensions, (i + 1) * dimensions)
  const centroids = new Float32Array(clusters * dimensions)
  if (clusters > MOST_SPREAD) {
    const order = Uint32Array.from({ length: count }, (_, i) => i)
    for (let c = 0; c < clusters; c++) {
      const other = c + Math.floor(random() * (count - c))
      const chosen = order[other]!
      order[other] = order[c]!
      order[c] = chosen
      centroids.set(point(chosen), c * dimensions)
    }
    return centroids
  }
  // k-means++: a point is chosen with the probability of its squared distance from those chosen before.
  const nearest = new Float64Array(count).fill(Infinity)
  let chosen = Math.min(count - 1, Math.floor(random() * count))
  for (let c = 0; c < clusters; c++) {
    centroids.set(point(chosen), c * dimensions)
    let total = 0
    for (let i = 0; i < count; i++) {
      nearest[i] = Math.min(nearest[i]!, squaredDistance(point(i), point(chosen)))
      total += nearest[i]!
    }
    let left = random() * total
    chosen = Math.floor(random() * count)
    for (let i = 0; i < count && total > 0; i++) {
      left -= nearest[i]!
      if (left <= 0) {
        chosen = i
        break
      }
    }
  }
  return centroids
}

async function means(
  kernel: Kernel,
  points: Float32Array,
  o: { rows: Region; count: number; assigned: Region; clusters: number },
  { dimensions, spherical }: TrainingOptions,
  random: () => number,
): Promise<Float32Array<ArrayBuffer>> {
  const sums = kernel.reserve(4 * Math.max(4, o.clusters * dimensions))
  const counts = kernel.reserve(4 * Math.max(4, o.clusters))
  try {
    sums.bytesView().fill(0)
    counts.bytesView().fill(0)
    const set = { rows: o.rows, start: 0, count: o.count, dimensions }
    kernel.accumulate(set, o.assigned, sums, counts)
    const centroids = sums.floats().slice(0, o.clusters * dimensions)
    const found = counts.words()
    for (let c = 0; c < o.clusters; c++) {
      const centroid = centroids.subarray(c * dimensions, (c + 1) * dimensions)
      const members = found[c]!
      if (members === 0) {
        const other = Math.floor(random() * o.count)
        centroid.set(points.subarray(other * dimensions, (other + 1) * dimensions))
      } else for (let j = 0; j < dimensions; j++) centroid[j]! /= members
    }
    if (spherical) normalize(centroids, dimensions)
    return centroids
  } finally {
    kernel.release(sums)
    kernel.release(counts)
  }
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let j = 0; j < a.length; j++) sum += (a[j]! - b[j]!) ** 2
  return sum
}

function halfSquare(rows: Float32Array, row: number, dimensions: number): number {
  let sum = 0
  for (let j = row * dimensions; j < (row + 1) * dimensions; j++) sum += rows[j]! * rows[j]!
  return sum / 2
}
