import type { Kernel, Region } from '../kernel/kernel.js'
import { seededRandom } from '../kmeans/random.js'
import { normalize } from '../kmeans/train-centroids.js'
import { CentroidSums } from './centroid-sums.js'
import { listsOf } from './ivf-tables.js'
import { type ListCentroids, ListTree } from './list-tree.js'

export interface ListTraining {
  readonly dimensions: number
  readonly lists: number
  /** Cosine: centroids have length 1, and rows of any length count alike. */
  readonly spherical: boolean
  readonly count: number
  readonly seed: number
  /** Copies rows to a region, one after the other. */
  gather(rows: Uint32Array, into: Region): void
}

/** Rows of the sample for each list. */
const ROWS_PER_LIST = 30
const LEAST_ROWS = 16_384
/** Bytes of the sample at most. */
const MOST_BYTES = 128 << 20
const ROWS_PER_GROUP = 200
const GROUP_ROUNDS = 5
const LIST_ROUNDS = 4
/** Fewer lists are not worth groups. */
const LEAST_GROUPED = 64

/**
 * Finds centroids by k-means on a sample of the rows, in two levels: groups first, then the lists of each group by the
 * rows nearest to the group. So a row is compared with about twice the root of the number of lists.
 */
export async function trainLists(kernel: Kernel, o: ListTraining): Promise<ListCentroids> {
  const { dimensions, lists, spherical } = o
  const random = seededRandom(o.seed)
  const most = Math.max(lists, Math.floor(MOST_BYTES / (4 * dimensions)))
  const size = Math.min(o.count, most, Math.max(ROWS_PER_LIST * lists, LEAST_ROWS))
  const rows = chooseRows(o.count, size, random)
  const sample = new Sample(kernel, dimensions, size, spherical)
  try {
    const trained = (slice: Slice, clusters: number, rounds: number): Promise<Float32Array> =>
      lloyd(kernel, sample, slice, clusters, rounds, o, random)
    const groupCount = lists < LEAST_GROUPED ? 1 : Math.round(Math.sqrt(lists))
    sample.fill(rows, o)
    if (groupCount === 1) {
      return {
        centroids: await trained({ start: 0, count: size }, lists, LIST_ROUNDS),
        groups: new Float32Array(dimensions),
        groupStarts: Uint32Array.of(0, lists),
      }
    }
    const some = Math.min(size, ROWS_PER_GROUP * groupCount)
    const groups = await trained({ start: 0, count: some }, groupCount, GROUP_ROUNDS)
    const groupOf = await assigned(kernel, sample, groups, o)
    const { rows: order, starts } = listsOf(groupOf, groupCount)
    sample.fill(
      Uint32Array.from(order, (i) => rows[i]!),
      o,
    )
    const shares = listsOfGroups(starts, lists)
    const groupStarts = new Uint32Array(groupCount + 1)
    const centroids = new Float32Array(lists * dimensions)
    for (let g = 0; g < groupCount; g++) {
      const slice = { start: starts[g]!, count: starts[g + 1]! - starts[g]! }
      const found =
        slice.count === 0
          ? groups.subarray(g * dimensions, (g + 1) * dimensions)
          : await trained(slice, shares[g]!, LIST_ROUNDS)
      centroids.set(found, groupStarts[g]! * dimensions)
      groupStarts[g + 1] = groupStarts[g]! + shares[g]!
    }
    return { centroids, groups, groupStarts }
  } finally {
    sample.release()
  }
}

/** Rows of the sample that follow each other. */
interface Slice {
  readonly start: number
  readonly count: number
}

/** Rows of the sample in the kernel's memory, with their codes. */
class Sample {
  readonly #kernel: Kernel
  readonly rows: Region
  readonly codes: Region
  readonly scales: Region
  readonly assigned: Region
  /** One divided by the length of each row; all rows count alike. */
  readonly weights: Region | undefined
  readonly size: number

  constructor(kernel: Kernel, dimensions: number, size: number, spherical: boolean) {
    this.#kernel = kernel
    this.size = size
    const words = 4 * Math.max(4, size)
    this.rows = kernel.reserve(4 * size * dimensions)
    this.codes = kernel.reserve(Math.max(16, size * dimensions))
    this.scales = kernel.reserve(words)
    this.assigned = kernel.reserve(words)
    this.weights = spherical ? kernel.reserve(words) : undefined
  }

  fill(rows: Uint32Array, { dimensions, gather }: ListTraining): void {
    gather(rows, this.rows)
    this.#kernel.quantize(this.rows, 0, this.size, dimensions, this.codes, this.scales)
    if (this.weights !== undefined)
      this.#kernel.inverseNorms(this.rows, this.size, dimensions, this.weights)
  }

  release(): void {
    for (const region of [this.rows, this.codes, this.scales, this.assigned, this.weights])
      if (region !== undefined) this.#kernel.release(region)
  }
}

/** k-means of consecutive rows of the sample. Rows are chosen again if there are fewer than clusters. */
async function lloyd(
  kernel: Kernel,
  sample: Sample,
  slice: Slice,
  clusters: number,
  rounds: number,
  o: ListTraining,
  random: () => number,
): Promise<Float32Array> {
  const { dimensions, spherical } = o
  const centroids = new Float32Array(clusters * dimensions)
  const copy = (c: number, i: number): void => {
    const from = (slice.start + i) * dimensions
    const centroid = centroids.subarray(c * dimensions, (c + 1) * dimensions)
    centroid.set(sample.rows.floats().subarray(from, from + dimensions))
    if (spherical) normalize(centroid, dimensions)
  }
  for (const [c, i] of chooseRows(slice.count, Math.min(clusters, slice.count), random).entries())
    copy(c, i)
  for (let c = slice.count; c < clusters; c++) copy(c, Math.floor(random() * slice.count))
  const flat = { centroids, groups: centroids, groupStarts: Uint32Array.of(0, clusters) }
  const tree = new ListTree(kernel, flat, { dimensions, spherical })
  const sums = new CentroidSums(kernel, clusters, dimensions)
  const { rows, codes, scales, weights } = sample
  try {
    for (let round = 0; round < rounds; round++) {
      await tree.assign({ codes, scales, ...slice, dimensions }, sample.assigned)
      sums.clear()
      sums.add({ rows, assigned: sample.assigned, weights, ...slice })
      for (const c of sums.writeMeans(centroids, spherical))
        copy(c, Math.floor(random() * slice.count))
      tree.write(centroids, centroids)
    }
    return centroids
  } finally {
    tree.release()
    sums.release()
  }
}

async function assigned(
  kernel: Kernel,
  sample: Sample,
  centroids: Float32Array,
  { dimensions, spherical }: ListTraining,
): Promise<Uint32Array> {
  const count = centroids.length / dimensions
  const flat = { centroids, groups: centroids, groupStarts: Uint32Array.of(0, count) }
  const tree = new ListTree(kernel, flat, { dimensions, spherical })
  try {
    const { codes, scales, size } = sample
    await tree.assign({ codes, scales, start: 0, count: size, dimensions }, sample.assigned)
    return sample.assigned.words().slice(0, sample.size)
  } finally {
    tree.release()
  }
}

/** Different rows, in random order. */
function chooseRows(count: number, wanted: number, random: () => number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = 0; i < wanted; i++) {
    const other = i + Math.floor(random() * (count - i))
    const chosen = order[other]!
    order[other] = order[i]!
    order[i] = chosen
  }
  return order.slice(0, wanted)
}

/** Shares lists among groups in proportion to their rows: at least one, if there are as many lists as groups. */
function listsOfGroups(starts: Uint32Array, lists: number): Uint32Array {
  const groups = starts.length - 1
  const rows = starts[groups]!
  const shares = new Uint32Array(groups)
  let left = lists
  for (let g = 0; g < groups; g++) {
    // What rounding leaves goes to later groups.
    const share = (lists * starts[g + 1]!) / rows - (lists - left)
    shares[g] = Math.min(left - (groups - 1 - g), Math.max(1, Math.round(share)))
    left -= shares[g]!
  }
  return shares
}
