import type {
  CentroidTree,
  CodeBlock,
  CodedCentroids,
  CodedLists,
  CodedPoints,
  ListSearch,
  Region,
} from './kernel.js'
import { paddedLength, paddedPlace } from './padded-codes.js'

// The parts of the plain kernel that work on codes. Sums are integers and the rest is rounded to float32, so that results
// are those of WebAssembly.

const { fround } = Math

/** Returns the approximate distance of a coded row from the query. */
export function codedDistances(
  block: CodeBlock,
  { query, factor }: Pick<ListSearch, 'query' | 'factor'>,
  dimensions: number,
): (row: number) => number {
  const codes = new Int8Array(block.codes.bytesView().buffer)
  const wanted = unpadded(query, 0, dimensions)
  const [biases, factors] = [block.biases.floats(), block.factors.floats()]
  const own = fround(factor)
  return (row) => {
    const sum = fround(product(codes, row * dimensions, wanted, 0, dimensions))
    return fround(biases[row]! + fround(sum * fround(own * factors[row]!)))
  }
}

export function rankLists({ centroids, dimensions }: CodedLists, search: ListSearch): void {
  const distanceOf = codedDistances(centroids, search, dimensions)
  const distances = Float64Array.from({ length: centroids.count }, (_, list) => {
    const distance = distanceOf(list)
    return Number.isNaN(distance) ? Infinity : distance
  })
  const order = Uint32Array.from(distances, (_, list) => list)
  order.sort((a, b) => compare(distances[a]!, distances[b]!) || a - b)
  const ranked = search.ranked.words()
  for (let i = 0; i < search.wanted; i++) ranked[2 * i] = order[i]!
}

export function assignCodes(points: CodedPoints, tree: CentroidTree, out: Region): void {
  const { start, count, dimensions } = points
  const codes = new Int8Array(points.codes.bytesView().buffer)
  const groupScores = scorer(tree.groups, dimensions)
  const scores = scorer(tree.centroids, dimensions)
  const starts = tree.starts.words()
  const { groups, tried } = tree
  for (let i = start; i < start + count; i++) {
    const scale = points.scales.floats()[i]!
    const scoreOf = (group: number): number => groupScores(codes, i, scale, group)
    const near = tried === groups.count ? allOf(tried) : best(groups.count, tried, scoreOf)
    let most = -Infinity
    let at = 0
    for (const group of near) {
      for (let c = starts[group]!; c < starts[group + 1]!; c++) {
        const score = scores(codes, i, scale, c)
        if (!(score > most)) continue
        most = score
        at = c
      }
    }
    out.words()[i] = at
  }
}

/** The numbers below `count` with the highest scores, of equals the first, in ascending order. */
function best(count: number, wanted: number, scoreOf: (i: number) => number): number[] {
  const scores = allOf(count).map((i) => scoreOf(i))
  // Scores that are not numbers come last.
  const order = allOf(count).sort((a, b) => compare(rank(scores[b]!), rank(scores[a]!)) || a - b)
  return order.slice(0, wanted).sort((a, b) => a - b)
}

function rank(score: number): number {
  return Number.isNaN(score) ? -Infinity : score
}

function scorer(
  { codes, factors, biases }: CodedCentroids,
  dimensions: number,
): (points: Int8Array, point: number, scale: number, centroid: number) => number {
  const stride = paddedLength(dimensions)
  const cached: Int16Array[] = []
  return (points, point, scale, centroid) => {
    cached[centroid] ??= unpadded(codes, centroid * stride, dimensions)
    const sum = fround(product(points, point * dimensions, cached[centroid], 0, dimensions))
    const scaled = fround(sum * fround(scale * factors.floats()[centroid]!))
    return fround(scaled - biases.floats()[centroid]!)
  }
}

function unpadded(region: Region, from: number, dimensions: number): Int16Array {
  const codes = new Int16Array(region.bytesView().buffer)
  return Int16Array.from(
    { length: dimensions },
    (_, j) => codes[from + paddedPlace(j, dimensions)]!,
  )
}

function product(a: Int8Array, from: number, b: Int16Array, other: number, length: number): number {
  let sum = 0
  for (let j = 0; j < length; j++) sum += a[from + j]! * b[other + j]!
  return sum
}

function allOf(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

/** Infinite numbers have no difference. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}
