import { noKernelMemory } from './kernel-errors.js'
import type { Batch } from './batch.js'
import { QUERY_CODES_AT } from './bounding-query.js'
import {
  type CentroidTree,
  type CodedLists,
  type CodedPoints,
  encodedBytes,
  type Kernel,
  type ListSearch,
  type Metric,
  METRIC_CODES,
  type PointSet,
  type Region,
  type RowBlock,
  type ScanPart,
} from './kernel.js'
import type { KernelExports } from './kernel-exports.js'
import { LinearMemory } from './linear-memory.js'

const PAGE_BYTES = 65536
/** The most a memory of 32-bit addresses can hold, less a page, so that no address wraps. */
const MAX_BYTES = 2 ** 32 - PAGE_BYTES
/**
 * The memory grows by at least this much, and by a share of its size: each growth replaces the buffer, and the garbage
 * collector counts the new one as new memory. Pages without data cost nothing.
 */
const GROWTH_BYTES = 1 << 20
const GROWTH_SHARE = 1 / 4

/** The kernel in WebAssembly, with one memory for all rows. */
export class WasmKernel implements Kernel {
  readonly kind: 'relaxed-simd' | 'simd'
  readonly productsPerCall = 1 << 23
  readonly #exports: KernelExports
  readonly #space: LinearMemory
  /** Arguments of one call. Words 20 to 27 are the codes of a scan. */
  readonly #job: WasmRegion

  constructor(instance: WebAssembly.Instance, kind: 'relaxed-simd' | 'simd') {
    this.kind = kind
    const exports = instance.exports as unknown as KernelExports
    this.#exports = exports
    const { memory } = exports
    this.#space = new LinearMemory(Number(exports['__heap_base'].value), (end) =>
      growTo(memory, end),
    )
    this.#job = this.reserve(128) as WasmRegion
  }

  get usedBytes(): number {
    return this.#space.usedBytes
  }

  reserve(bytes: number): Region {
    const address = this.#space.reserve(bytes)
    if (address === undefined) throw noKernelMemory(bytes, this.usedBytes)
    return new WasmRegion(this.#exports.memory, address, bytes)
  }

  release(region: Region): void {
    const { address, bytes } = region as WasmRegion
    this.#space.release(address, bytes)
  }

  inverseNorms(rows: Region, count: number, dimensions: number, out: Region): number {
    return this.#exports.inverse_norms(at(rows), count, dimensions, at(out))
  }

  encode(rows: Region, count: number, dimensions: number): Region {
    const encoded = this.reserve(encodedBytes(count, dimensions))
    this.#exports.encode(at(rows), count, dimensions, at(encoded))
    return encoded
  }

  scan(block: RowBlock, batch: Batch, part: ScanPart): void {
    const { dimensions, capacity } = batch
    const { rowStart, rowEnd, queryStart, queryEnd, allowed } = part
    batch.expectLongest(block.longest)
    // First, because it may grow the memory, which ends all views.
    const codes = this.#jobCodes(block, batch, rowStart)
    const words = this.#job.words()
    words[0] = at(block.rows) + 4 * rowStart * dimensions
    words[1] = at(block.inverseNorms) + 4 * rowStart
    words[2] = rowEnd - rowStart
    words[3] = dimensions
    words[4] = block.first + rowStart
    words[5] = at(batch.queries) + 4 * queryStart * dimensions
    words[6] = at(batch.inverseNorms) + 4 * queryStart
    words[7] = queryEnd - queryStart
    words[8] = batch.metricCode
    words[9] = capacity
    words[10] = at(batch.distances) + 8 * queryStart * capacity
    words[11] = at(batch.rows) + 4 * queryStart * capacity
    words[12] = at(batch.lens) + 4 * queryStart
    words[13] = at(batch.slacks) + 4 * queryStart
    this.#job.floats()[14] = batch.relativeSlack
    words[15] = allowed === undefined ? 0 : at(allowed) + (rowStart >>> 3)
    words[16] = codes
    this.#exports.scan(at(this.#job))
  }

  /** Writes the arguments for a scan with codes, and returns their address; 0 for a scan without. */
  #jobCodes({ codes, count, longest }: RowBlock, batch: Batch, rowStart: number): number {
    const query = codes === undefined ? undefined : batch.boundingQuery()
    if (codes === undefined || query === undefined) return 0
    const [words, floats] = [this.#job.words(), this.#job.floats()]
    words[20] = at(codes) + 4 * rowStart
    words[21] = count
    words[22] = at(codes) + 12 * count + rowStart * batch.dimensions
    words[23] = at(query.region) + QUERY_CODES_AT
    floats[24] = query.scale
    floats[25] = query.length
    floats[26] = query.boundStart(longest)
    words[27] = at(query.region)
    return at(this.#job) + 80
  }

  rankLists(lists: CodedLists, search: ListSearch): void {
    this.#jobLists(lists, search)
    this.#exports.rank_lists(at(this.#job))
  }

  scanLists(lists: CodedLists, search: ListSearch): void {
    this.#jobLists(lists, search)
    this.#exports.scan_lists(at(this.#job))
  }

  #jobLists({ rows, starts, centroids, dimensions }: CodedLists, search: ListSearch): void {
    const words = this.#job.words()
    words[0] = at(rows.codes)
    words[1] = at(rows.biases)
    words[2] = at(rows.factors)
    words[3] = at(starts)
    words[4] = centroids.count
    words[5] = dimensions
    words[6] = at(centroids.codes)
    words[7] = at(centroids.biases)
    words[8] = at(centroids.factors)
    words[9] = at(search.query)
    this.#job.floats()[10] = search.factor
    words[11] = search.wanted
    words[12] = at(search.ranked)
    words[13] = search.capacity
    words[14] = at(search.distances)
    words[15] = at(search.rows)
    words[16] = at(search.found)
  }

  distance(
    block: RowBlock,
    row: number,
    query: Region,
    dimensions: number,
    metric: Metric,
  ): number {
    const address = at(block.rows) + 4 * row * dimensions
    return this.#exports.distance(address, at(query), dimensions, METRIC_CODES[metric])
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
    const first = at(rows) + 4 * start * dimensions
    const to = places === undefined ? 0 : at(places)
    this.#exports.quantize(first, count, dimensions, at(codes), at(scales), to)
  }

  assignCodes(points: CodedPoints, tree: CentroidTree, out: Region, room: Region): void {
    const { start, count, dimensions } = points
    const { centroids, groups } = tree
    const words = this.#job.words()
    words[0] = at(points.codes) + start * dimensions
    words[1] = at(points.scales) + 4 * start
    words[2] = count
    words[3] = dimensions
    words[4] = at(groups.codes)
    words[5] = at(groups.factors)
    words[6] = at(groups.biases)
    words[7] = groups.count
    words[8] = tree.tried
    words[9] = at(centroids.codes)
    words[10] = at(centroids.factors)
    words[11] = at(centroids.biases)
    words[12] = at(tree.starts)
    words[13] = at(out) + 4 * start
    words[14] = at(room)
    this.#exports.assign_codes(at(this.#job))
  }

  assign(points: PointSet, centroids: PointSet, biases: Region, out: Region): void {
    const { count, dimensions } = points
    this.#exports.assign(
      pointsAt(points),
      count,
      dimensions,
      pointsAt(centroids),
      at(biases),
      centroids.count,
      at(out) + 4 * points.start,
    )
  }

  accumulate(
    points: PointSet,
    assigned: Region,
    sums: Region,
    counts: Region,
    weights?: Region,
  ): void {
    const { start, count, dimensions } = points
    this.#exports.accumulate(
      pointsAt(points),
      count,
      dimensions,
      at(assigned) + 4 * start,
      at(sums),
      at(counts),
      weights === undefined ? 0 : at(weights) + 4 * start,
    )
  }
}

class WasmRegion implements Region {
  readonly #memory: WebAssembly.Memory
  readonly address: number
  readonly bytes: number

  constructor(memory: WebAssembly.Memory, address: number, bytes: number) {
    this.#memory = memory
    this.address = address
    this.bytes = bytes
  }

  bytesView(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory.buffer as ArrayBuffer, this.address, this.bytes)
  }

  floats(): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#memory.buffer as ArrayBuffer, this.address, this.bytes >>> 2)
  }

  doubles(): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#memory.buffer as ArrayBuffer, this.address, this.bytes >>> 3)
  }

  words(): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#memory.buffer as ArrayBuffer, this.address, this.bytes >>> 2)
  }
}

function at(region: Region): number {
  return (region as WasmRegion).address
}

function pointsAt({ rows, start, dimensions }: PointSet): number {
  return at(rows) + 4 * start * dimensions
}

function growTo(memory: WebAssembly.Memory, end: number): boolean {
  if (end > MAX_BYTES) return false
  const lacking = end - memory.buffer.byteLength
  if (lacking <= 0) return true
  const room = MAX_BYTES - memory.buffer.byteLength
  const wanted = Math.max(lacking, GROWTH_BYTES, GROWTH_SHARE * memory.buffer.byteLength)
  return grow(memory, Math.min(wanted, room)) || grow(memory, lacking)
}

function grow(memory: WebAssembly.Memory, bytes: number): boolean {
  try {
    memory.grow(Math.ceil(bytes / PAGE_BYTES))
    return true
  } catch {
    return false
  }
}
