import type { Kernel, Metric, Region } from './kernel.js'
import { paddedLength, paddedPlace, writeCodes } from './padded-codes.js'

/** Larger than the roundings of float32 that it stands for; see rust/src/bounds.rs. */
const ROUNDING = 2 ** -20

/** Bytes of a region before its codes. */
export const QUERY_CODES_AT = 16

/** One query as 16-bit codes, and what bounds the distances of coded rows from it. */
export class BoundingQuery {
  /** Two words that the kernel counts in (`Pause` in rust/src/bounds.rs), and the codes, padded. */
  readonly region: Region
  /** The scale of the codes; for the cosine, of the query with a length of one. */
  readonly scale: number
  /** The length of the query with what its codes miss; for the cosine, of the query with a length of one. */
  readonly length: number
  /** False if float32 cannot hold the square of its length. */
  readonly hasBounds: boolean
  readonly #kernel: Kernel
  readonly #metric: Metric
  readonly #square: number
  /** The length of what the codes miss. */
  readonly #missed: number

  constructor(
    kernel: Kernel,
    query: Float32Array,
    { dimensions, metric }: { dimensions: number; metric: Metric },
  ) {
    this.#kernel = kernel
    this.#metric = metric
    const codes = new Int16Array(paddedLength(dimensions))
    const scale = writeCodes(query.subarray(0, dimensions), codes)
    let [square, missed] = [0, 0]
    for (let j = 0; j < dimensions; j++) {
      square += query[j]! ** 2
      missed += (query[j]! - codes[paddedPlace(j, dimensions)]! * scale) ** 2
    }
    this.hasBounds = square > 1e-24 && square < 1e30
    const unit = metric === 'cosine' ? 1 / Math.sqrt(square) : 1
    this.#square = square
    this.#missed = Math.sqrt(missed) * unit
    this.scale = scale * unit
    this.length = (Math.sqrt(square) * unit + this.#missed) * (1 + ROUNDING)
    this.region = kernel.reserve(QUERY_CODES_AT + codes.byteLength)
    const bytes = this.region.bytesView()
    bytes.fill(0, 0, QUERY_CODES_AT)
    new Int16Array(bytes.buffer, bytes.byteOffset + QUERY_CODES_AT, codes.length).set(codes)
  }

  /** The bound of a row of zeros, without its square, in a block whose longest row has this length. */
  boundStart(longest: number): number {
    const missed = this.#missed * (1 + ROUNDING)
    if (this.#metric === 'cosine') return 1 - missed
    if (this.#metric === 'dot_product') return -longest * missed
    return this.#square * (1 - 2 * ROUNDING) - 2 * longest * missed
  }

  release(): void {
    this.#kernel.release(this.region)
  }
}
