import type { Batch } from './batch.js'
import { JsHeaps } from './js-heaps.js'
import { assignCodes, codedDistances, rankLists } from './js-lists.js'
import type {
  CentroidTree,
  CodedLists,
  CodedPoints,
  Kernel,
  ListSearch,
  Metric,
  PointSet,
  Region,
  RowBlock,
  ScanPart,
} from './kernel.js'

const { fround } = Math

/** The kernel in plain JavaScript, for runtimes without WebAssembly or its SIMD instructions: several times slower. */
export class JsKernel implements Kernel {
  readonly kind = 'javascript'
  readonly productsPerCall = 1 << 20
  #used = 0

  get usedBytes(): number {
    return this.#used
  }

  reserve(bytes: number): Region {
    this.#used += bytes
    return new JsRegion(bytes)
  }

  release(region: Region): void {
    this.#used -= region.bytes
  }

  inverseNorms(rows: Region, count: number, dimensions: number, out: Region): number {
    const [values, inverse] = [rows.floats(), out.floats()]
    let longest = 0
    for (let i = 0; i < count; i++) {
      const length = Math.sqrt(product(values, i * dimensions, values, i * dimensions, dimensions))
      inverse[i] = length === 0 ? 0 : 1 / length
      if (!(length <= longest)) longest = Number.isNaN(length) ? Infinity : length
    }
    return longest
  }

  encode(): undefined {
    return undefined
  }

  scan(block: RowBlock, batch: Batch, part: ScanPart): void {
    const { rowStart, rowEnd, queryStart, queryEnd } = part
    const allowed = part.allowed?.bytesView()
    const heaps = new JsHeaps(batch)
    const isNear = batch.metric === 'cosine' ? cosineGate(block, batch) : undefined
    for (let row = rowStart; row < rowEnd; row++) {
      if (allowed !== undefined && ((allowed[row >>> 3]! >>> (row & 7)) & 1) === 0) continue
      for (let query = queryStart; query < queryEnd; query++) {
        if (isNear?.(row, query, heaps.worst(query)) === false) continue
        const distance = distanceAt(block, row, batch.queries, query, batch)
        if (distance <= heaps.worst(query)) heaps.push(query, distance, block.first + row)
      }
    }
  }

  rankLists(lists: CodedLists, search: ListSearch): void {
    rankLists(lists, search)
  }

  scanLists(lists: CodedLists, search: ListSearch): void {
    const heap = new JsHeaps({ ...search, lens: search.found })
    const [ranked, starts] = [search.ranked.words(), lists.starts.words()]
    const distanceOf = codedDistances(lists.rows, search, lists.dimensions)
    for (let i = 0; i < search.wanted; i++) {
      const list = ranked[2 * i]!
      for (let row = starts[list]!; row < starts[list + 1]!; row++) {
        const distance = distanceOf(row)
        const finite = Number.isNaN(distance) ? Infinity : distance
        if (finite <= heap.worst(0)) heap.push(0, finite, row)
      }
    }
  }

  distance(
    block: RowBlock,
    row: number,
    query: Region,
    dimensions: number,
    metric: Metric,
  ): number {
    return distanceAt(block, row, query, 0, { dimensions, metric })
  }

  quantize(
    rows: Region,
    start: number,
    count: number,
    dimensions: number,
    codes: Region,
    scales: Region,
    places?: Region,
  ): void {
    const values = rows.floats()
    const out = new Int8Array(codes.bytesView().buffer)
    for (let i = 0; i < count; i++) {
      const at = (start + i) * dimensions
      const place = places === undefined ? i : places.words()[i]!
      let most = 0
      for (let j = 0; j < dimensions; j++) most = Math.max(most, Math.abs(values[at + j]!) || 0)
      scales.floats()[place] = most / 127
      // Rounded to float32 at each step, as in WebAssembly.
      const factor = most > 0 ? fround(127 / most) : 0
      for (let j = 0; j < dimensions; j++) {
        const code = fround(values[at + j]! * factor)
        out[place * dimensions + j] = Math.trunc(fround(code < 0 ? code - 0.5 : code + 0.5)) || 0
      }
    }
  }

  assignCodes(points: CodedPoints, tree: CentroidTree, out: Region): void {
    assignCodes(points, tree, out)
  }

  assign(points: PointSet, centroids: PointSet, biases: Region, out: Region): void {
    const { dimensions } = points
    const [values, centres, bias] = [points.rows.floats(), centroids.rows.floats(), biases.floats()]
    for (let i = 0; i < points.count; i++) {
      const at = (points.start + i) * dimensions
      let best = -Infinity
      let nearest = 0
      for (let c = 0; c < centroids.count; c++) {
        const from = (centroids.start + c) * dimensions
        const score = product(values, at, centres, from, dimensions) - bias[c]!
        if (score <= best || Number.isNaN(score)) continue
        best = score
        nearest = c
      }
      out.words()[points.start + i] = nearest
    }
  }

  accumulate(
    points: PointSet,
    assigned: Region,
    sums: Region,
    counts: Region,
    weights?: Region,
  ): void {
    const { dimensions, start, count } = points
    const [values, totals] = [points.rows.floats(), sums.floats()]
    for (let i = start; i < start + count; i++) {
      const c = assigned.words()[i]!
      const weight = weights === undefined ? 1 : weights.floats()[i]!
      counts.words()[c]!++
      for (let j = 0; j < dimensions; j++)
        totals[c * dimensions + j]! += Math.fround(values[i * dimensions + j]! * weight)
    }
  }
}

class JsRegion implements Region {
  readonly bytes: number
  readonly #buffer: ArrayBuffer

  constructor(bytes: number) {
    this.bytes = bytes
    this.#buffer = new ArrayBuffer(Math.ceil(bytes / 8) * 8)
  }

  bytesView(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer, 0, this.bytes)
  }

  floats(): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#buffer)
  }

  doubles(): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#buffer)
  }

  words(): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#buffer)
  }
}

/** Tells by the stored lengths, which are float32, whether a row may be within a distance. */
function cosineGate(
  block: RowBlock,
  batch: Batch,
): (row: number, query: number, distance: number) => boolean {
  const { dimensions } = batch
  const [rows, queries] = [block.rows.floats(), batch.queries.floats()]
  const [inverse, queryInverse] = [block.inverseNorms.floats(), batch.inverseNorms.floats()]
  return (row, query, distance) => {
    const dot = product(rows, row * dimensions, queries, query * dimensions, dimensions)
    return !(1 - dot * inverse[row]! * queryInverse[query]! > distance + 1e-6)
  }
}

function distanceAt(
  block: RowBlock,
  row: number,
  queries: Region,
  query: number,
  { dimensions, metric }: Pick<Batch, 'dimensions' | 'metric'>,
): number {
  const [rows, values] = [block.rows.floats(), queries.floats()]
  const [a, b] = [row * dimensions, query * dimensions]
  const distance = exactDistance(metric, rows, a, values, b, dimensions)
  return Number.isFinite(distance) ? distance : Infinity
}

function exactDistance(
  metric: Batch['metric'],
  rows: Float32Array,
  a: number,
  queries: Float32Array,
  b: number,
  dimensions: number,
): number {
  if (metric === 'l2') {
    let sum = 0
    for (let j = 0; j < dimensions; j++) sum += (rows[a + j]! - queries[b + j]!) ** 2
    return sum
  }
  const dot = product(rows, a, queries, b, dimensions)
  if (metric === 'dot_product') return -dot
  const squares =
    product(rows, a, rows, a, dimensions) * product(queries, b, queries, b, dimensions)
  if (squares === 0) return 1
  return Math.min(2, Math.max(0, 1 - dot / Math.sqrt(squares)))
}

function product(
  a: Float32Array,
  from: number,
  b: Float32Array,
  other: number,
  length: number,
): number {
  // Four sums: one would wait for each addition.
  let [s0, s1, s2, s3] = [0, 0, 0, 0]
  const whole = length - (length & 3)
  let j = 0
  for (; j < whole; j += 4) {
    s0 += a[from + j]! * b[other + j]!
    s1 += a[from + j + 1]! * b[other + j + 1]!
    s2 += a[from + j + 2]! * b[other + j + 2]!
    s3 += a[from + j + 3]! * b[other + j + 3]!
  }
  for (; j < length; j++) s0 += a[from + j]! * b[other + j]!
  return s0 + s1 + (s2 + s3)
}
