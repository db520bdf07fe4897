import type { VectorMetric } from '@shardyfusion/core/extend'
import type { Matrix } from './npy.js'

/** Determines the shards of a vector: where it is written, and where a search looks first. */
export interface VectorRouter {
  readonly shards: number
  /** Returns the shards to search, the best first. */
  probe(vector: Float32Array, probes: number): number[]
}

/** A small number that the Python project adds to the product of the lengths (wire-format §15). */
const EPSILON = 1e-10

/** Shards by the nearest centroid; of equal distances the lower one. */
export class ClusterRouter implements VectorRouter {
  readonly shards: number
  readonly #centroids: Matrix
  readonly #metric: VectorMetric
  readonly #lengths: readonly number[]

  constructor(centroids: Matrix, metric: VectorMetric) {
    this.shards = centroids.rows
    this.#centroids = centroids
    this.#metric = metric
    const { rows, columns, values } = centroids
    this.#lengths = Array.from({ length: rows }, (_, row) =>
      Math.sqrt(product(values, row * columns, values, row * columns, columns)),
    )
  }

  probe(vector: Float32Array, probes: number): number[] {
    const distances = Array.from({ length: this.shards }, (_, row) => this.#distance(vector, row))
    if (probes === 1) return [indexOfLeast(distances)]
    const order = distances.map((_, shard) => shard)
    order.sort((a, b) => distances[a]! - distances[b]!)
    return order.slice(0, probes)
  }

  #distance(vector: Float32Array, row: number): number {
    const { columns, values } = this.#centroids
    const from = row * columns
    if (this.#metric === 'l2') {
      let sum = 0
      for (let j = 0; j < columns; j++) sum += (values[from + j]! - vector[j]!) ** 2
      return sum
    }
    const dot = product(values, from, vector, 0, columns)
    if (this.#metric === 'dot_product') return -dot
    const length = Math.sqrt(product(vector, 0, vector, 0, columns))
    if (length === 0) return 1
    return 1 - dot / (this.#lengths[row]! * length + EPSILON)
  }
}

/** Shards by the sides of hyperplanes on which a vector is. */
export class LshRouter implements VectorRouter {
  readonly shards: number
  readonly #hyperplanes: Matrix

  constructor(hyperplanes: Matrix, shards: number) {
    this.#hyperplanes = hyperplanes
    this.shards = shards
  }

  probe(vector: Float32Array, probes: number): number[] {
    const { rows, columns, values } = this.#hyperplanes
    let code = 0n
    for (let bit = 0; bit < rows; bit++) {
      if (product(values, bit * columns, vector, 0, columns) > 0) code |= 1n << BigInt(bit)
    }
    const shardOf = (of: bigint): number => Number(of % BigInt(this.shards))
    const found = new Set([shardOf(code)])
    for (let bit = 0; bit < rows && found.size < probes; bit++)
      found.add(shardOf(code ^ (1n << BigInt(bit))))
    return Array.from(found).slice(0, probes)
  }
}

function indexOfLeast(distances: readonly number[]): number {
  let least = 0
  for (const [i, distance] of distances.entries()) if (distance < distances[least]!) least = i
  return least
}

function product(
  a: ArrayLike<number>,
  from: number,
  b: ArrayLike<number>,
  other: number,
  length: number,
): number {
  let sum = 0
  for (let j = 0; j < length; j++) sum += a[from + j]! * b[other + j]!
  return sum
}
