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
}

/** Coded rows in lists. */
export interface CodedLists {
  readonly rows: CodeBlock
  /** The first row of each list, and the end of the last, as uint32. */
  readonly starts: Region
  /** The centroid of each list. */
  readonly centroids: CodeBlock
  readonly dimensions: number
}

/** A search of one query in lists. */
export interface ListSearch {
  /** The codes of the query, padded, and the factor of the query. */
  readonly query: Region
  readonly factor: number
  /** Number of lists to search. */
  readonly wanted: number
  /** Two words for each list; the first ones are the numbers of the lists, the nearest first. */
  readonly ranked: Region
  /** How many rows to find. */
  readonly capacity: number
  readonly distances: Region
  readonly rows: Region
  /** One word: how many rows were found. */
  readonly found: Region
}

/** Points as 8-bit codes. */
export interface CodedPoints {
  readonly codes: Region
  readonly scales: Region
  readonly start: number
  readonly count: number
  readonly dimensions: number
}

/** Centroids as padded 16-bit codes: a score is (product of the codes) * factor * (scale of the point) - bias. */
export interface CodedCentroids {
  readonly codes: Region
  readonly factors: Region
  readonly biases: Region
  readonly count: number
}

/** Centroids in groups, by which most of them need not be compared with a point. */
export interface CentroidTree {
  readonly centroids: CodedCentroids
  /** The first centroid of each group, and the end of the last, as uint32. */
  readonly starts: Region
  readonly groups: CodedCentroids
  /** How many groups are searched for each point; at most their number. */
  readonly tried: number
}

/** Bytes of the room that `assignCodes` needs. */
export function assignRoom(
  points: number,
  { groups, tried }: Pick<CentroidTree, 'groups' | 'tried'>,
): number {
  return 4 * (points * (1 + 2 * tried) + 5 * groups.count)
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
  /** Finds the lists whose centroids are nearest to the query; of equals the first. */
  rankLists(lists: CodedLists, search: ListSearch): void
  /** Adds the rows of the ranked lists to those found, by approximate distances. */
  scanLists(lists: CodedLists, search: ListSearch): void
  /** The exact distance of a row from a query; L2 squared. */
  distance(block: RowBlock, row: number, query: Region, dimensions: number, metric: Metric): number
  /** Codes rows; those of each row go to its place in `places` (uint32), if given. */
  quantize(
    rows: Region,
    start: number,
    count: number,
    dimensions: number,
    codes: Region,
    scales: Region,
    places?: Region,
  ): void
  /**
   * Writes for each point the centroid with the highest score, of equals the first, among those of the groups with the
   * highest scores.
   */
  assignCodes(points: CodedPoints, tree: CentroidTree, out: Region, room: Region): void
  /** For each point the centroid with the largest product less its bias; the first of equals. */
  assign(points: PointSet, centroids: PointSet, biases: Region, out: Region): void
  /** Adds each point, times its weight, to the sum of its centroid and counts it. */
  accumulate(
    points: PointSet,
    assigned: Region,
    sums: Region,
    counts: Region,
    weights?: Region,
  ): void
}

export interface PointSet {
  readonly rows: Region
  readonly start: number
  readonly count: number
  readonly dimensions: number
}
