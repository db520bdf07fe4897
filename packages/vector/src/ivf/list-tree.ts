import { yieldIfDue } from '@shardyfusion/core/internal-vector'
import {
  assignRoom,
  type CentroidTree,
  type CodedCentroids,
  type CodedPoints,
  type Kernel,
  type Region,
} from '../kernel/kernel.js'
import { paddedLength, writeCodes } from '../kernel/padded-codes.js'

/** The centroids of lists, in groups that have centroids themselves. */
export interface ListCentroids {
  readonly centroids: Float32Array
  readonly groups: Float32Array
  /** The first list of each group, and the end of the last. */
  readonly groupStarts: Uint32Array
}

/** Groups whose lists are compared with a point. With more, few points would go to another list. */
const TRIED = 4
/** Points of one call at most. */
const MOST_POINTS = 1024

/** Centroids as codes in the kernel's memory, for comparing points with them. */
export class ListTree implements CentroidTree {
  readonly #kernel: Kernel
  readonly #dimensions: number
  readonly #spherical: boolean
  readonly #room: Region
  readonly #step: number
  readonly centroids: CodedCentroids
  readonly groups: CodedCentroids
  readonly starts: Region
  readonly tried: number

  /** `spherical`: the centroids have length 1, and the one with the largest product is the nearest. */
  constructor(
    kernel: Kernel,
    { centroids, groups, groupStarts }: ListCentroids,
    { dimensions, spherical }: { dimensions: number; spherical: boolean },
  ) {
    this.#kernel = kernel
    this.#dimensions = dimensions
    this.#spherical = spherical
    this.centroids = reserveCentroids(kernel, centroids.length / dimensions, dimensions)
    this.groups = reserveCentroids(kernel, groupStarts.length - 1, dimensions)
    this.starts = kernel.reserve(4 * Math.max(4, groupStarts.length))
    this.tried = Math.min(TRIED, this.groups.count)
    const lists = this.centroids.count
    const perPoint = (this.groups.count + (lists * this.tried) / this.groups.count) * dimensions
    this.#step = Math.min(MOST_POINTS, Math.max(4, Math.floor(kernel.productsPerCall / perPoint)))
    this.#room = kernel.reserve(assignRoom(this.#step, this))
    this.starts.words().set(groupStarts)
    this.write(centroids, groups)
  }

  /** Replaces the centroids by as many others. */
  write(centroids: Float32Array, groups: Float32Array): void {
    writeCentroids(this.centroids, centroids, this.#dimensions, this.#spherical)
    if (this.groups.count > 1)
      writeCentroids(this.groups, groups, this.#dimensions, this.#spherical)
  }

  /** Writes the list of each point to `out`; other work of the thread gets its turns. */
  async assign(points: CodedPoints, out: Region): Promise<void> {
    for (let done = 0; done < points.count; done += this.#step) {
      const count = Math.min(this.#step, points.count - done)
      const some = { ...points, start: points.start + done, count }
      this.#kernel.assignCodes(some, this, out, this.#room)
      const turn = yieldIfDue()
      if (turn !== undefined) await turn
    }
  }

  release(): void {
    for (const { codes, factors, biases } of [this.centroids, this.groups])
      for (const region of [codes, factors, biases]) this.#kernel.release(region)
    this.#kernel.release(this.starts)
    this.#kernel.release(this.#room)
  }
}

function reserveCentroids(kernel: Kernel, count: number, dimensions: number): CodedCentroids {
  return {
    codes: kernel.reserve(2 * count * paddedLength(dimensions)),
    factors: kernel.reserve(4 * Math.max(4, count)),
    biases: kernel.reserve(4 * Math.max(4, count)),
    count,
  }
}

function writeCentroids(
  { codes, factors, biases, count }: CodedCentroids,
  centroids: Float32Array,
  dimensions: number,
  spherical: boolean,
): void {
  const stride = paddedLength(dimensions)
  const bytes = codes.bytesView()
  const all = new Int16Array(bytes.buffer, bytes.byteOffset, count * stride)
  const [factor, bias] = [factors.floats(), biases.floats()]
  for (let c = 0; c < count; c++) {
    const centroid = centroids.subarray(c * dimensions, (c + 1) * dimensions)
    factor[c] = writeCodes(centroid, all.subarray(c * stride, (c + 1) * stride))
    let square = 0
    if (!spherical) for (const value of centroid) square += value * value
    bias[c] = square / 2
  }
}
