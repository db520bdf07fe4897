import type { Batch } from './batch.js'

/** Distances that the kernel computes: the smaller, the nearer. */
export type Metric = 'cosine' | 'l2' | 'dot_product'

export const METRIC_CODES: Readonly<Record<Metric, number>> = { l2: 0, cosine: 1, dot_product: 2 }

/** A piece of the kernel's memory. Views are valid until the next `reserve`. */
export interface Region {
  readonly bytes: number
  bytesView(): Uint8Array<ArrayBuffer>
  floats(): Float32Array<ArrayBuffer>
  doubles(): Float64Array<ArrayBuffer>
  words(): Uint32Array<ArrayBuffer>
}

/** Consecutive rows of one block. */
export interface RowBlock {
  /** Rows of float32, one after the other. */
  readonly rows: Region
  /** As `inverseNorms` writes them. */
  readonly inverseNorms: Region
  readonly count: number
  /** The number of the first row; results name rows by such numbers. */
  readonly first: number
  /** The length of the longest row. */
  readonly longest: number
  /** As `encode` writes them: with codes, a scan for one query skips most rows. */
  readonly codes?: Region | undefined
}

/** Bytes of the codes of rows. */
export function encodedBytes(count: number, dimensions: number): number {
  return count * (12 + dimensions)
}

/** Rows as 8-bit codes: a distance is about bias + factor * (product of the codes) * (factor of the query). */
export interface CodeBlock {
  readonly codes: Region
  readonly biases: Region
  readonly factors: Region
  readonly count: number
  readonly first: number
}

/** A part of the rows of a block and of the queries of a batch, for one call. */
export interface ScanPart {
  readonly rowStart: number
  readonly rowEnd: number
  readonly queryStart: number
  readonly queryEnd: number
  /** One bit for each row of the block, least significant first: only rows with a set bit are found. */
  readonly allowed?: Region | undefined
}

/** The kinds of kernels, from the fastest to the slowest. */
export type KernelKind = 'relaxed-simd' | 'simd' | 'javascript'

/** The arithmetic of vectors, with a memory for rows. Nothing is checked: callers pass what fits. */
export interface Kernel {
  readonly kind: KernelKind
  /** Products of two values that one call should compute at most, to end within about a millisecond. */
  readonly productsPerCall: number
  /** Bytes in use. */
  readonly usedBytes: number
  /** Errors: SHARD_ENGINE if there is no more memory. */
  reserve(bytes: number): Region
  release(region: Region): void
  /** Writes one divided by the length of each row, and returns the length of the longest. */
  inverseNorms(rows: Region, count: number, dimensions: number, out: Region): number
  /** Returns the codes of rows, in `encodedBytes`; `undefined` from plain JavaScript, which is no faster with them. */
  encode(rows: Region, count: number, dimensions: number): Region | undefined
  /** Adds rows to the best ones of each query. Distances are exact; of equal ones the lower row is nearer. */
  scan(block: RowBlock, batch: Batch, part: ScanPart): void
  /** Adds rows to the best ones of the first query of a batch, by approximate distances. */
  scanCodes(block: CodeBlock, start: number, end: number, query: CodedQuery, best: Batch): void
  /** The exact distance of a row from a query of a batch; L2 squared. */
  distance(block: RowBlock, row: number, batch: Batch, query: number): number
  quantize(
    rows: Region,
    start: number,
    count: number,
    dimensions: number,
    codes: Region,
    scales: Region,
  ): void
  /** For each point the centroid with the largest product less its bias; the first of equals. */
  assign(points: PointSet, centroids: PointSet, biases: Region, out: Region): void
  /** Adds each point to the sum of its centroid and counts it. */
  accumulate(points: PointSet, assigned: Region, sums: Region, counts: Region): void
}

export interface PointSet {
  readonly rows: Region
  readonly start: number
  readonly count: number
  readonly dimensions: number
}

/** A query as integers of 16 bits. */
export interface CodedQuery {
  readonly codes: Region
  readonly factor: number
}
