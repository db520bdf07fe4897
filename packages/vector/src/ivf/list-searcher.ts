import type { CodedLists, Kernel, ListSearch, Metric, Region } from '../kernel/kernel.js'
import { paddedLength, writeCodes } from '../kernel/padded-codes.js'

/** More candidates than this are not worth keeping their memory for the next search. */
const MOST_KEPT = 4096

/** Searches lists for one query after the other, with memory that it keeps. */
export class ListSearcher {
  readonly #kernel: Kernel
  readonly #lists: CodedLists
  readonly #metric: Metric
  /** The query as it came; exact distances are computed from it. */
  readonly query: Region
  readonly #codes: Region
  readonly #ranked: Region
  readonly #found: Region
  #room:
    | { readonly capacity: number; readonly distances: Region; readonly rows: Region }
    | undefined

  constructor(kernel: Kernel, lists: CodedLists, metric: Metric) {
    this.#kernel = kernel
    this.#lists = lists
    this.#metric = metric
    const { dimensions, centroids } = lists
    this.query = kernel.reserve(4 * Math.max(4, dimensions))
    this.#codes = kernel.reserve(2 * paddedLength(dimensions))
    this.#ranked = kernel.reserve(8 * Math.max(2, centroids.count))
    this.#found = kernel.reserve(16)
  }

  /** Returns all lists, the nearest first. The view is valid until the next call. */
  rank(query: Float32Array): Uint32Array {
    const { count } = this.#lists.centroids
    this.#kernel.rankLists(this.#lists, this.#search(query, count, 0))
    const ranked = this.#ranked.words()
    return Uint32Array.from({ length: count }, (_, i) => ranked[2 * i]!)
  }

  /** Returns the places of the best rows of the nearest lists, in no order. The view is valid until the next call. */
  candidates(query: Float32Array, lists: number, capacity: number): Uint32Array {
    const search = this.#search(query, lists, capacity)
    this.#kernel.rankLists(this.#lists, search)
    this.#kernel.scanLists(this.#lists, search)
    return search.rows.words().subarray(0, this.#found.words()[0])
  }

  /** Frees memory that few searches need. */
  trim(): void {
    if (this.#room === undefined || this.#room.capacity <= MOST_KEPT) return
    this.#kernel.release(this.#room.distances)
    this.#kernel.release(this.#room.rows)
    this.#room = undefined
  }

  release(): void {
    const regions = [this.query, this.#codes, this.#ranked, this.#found]
    if (this.#room !== undefined) regions.push(this.#room.distances, this.#room.rows)
    for (const region of regions) this.#kernel.release(region)
    this.#room = undefined
  }

  #search(query: Float32Array, wanted: number, capacity: number): ListSearch {
    // First, because it may grow the memory, which ends all views.
    const { distances, rows } = this.#roomFor(capacity)
    const { dimensions } = this.#lists
    this.query.floats().set(query)
    const bytes = this.#codes.bytesView()
    const codes = new Int16Array(bytes.buffer, bytes.byteOffset, paddedLength(dimensions))
    const scale = writeCodes(query, codes)
    this.#found.words()[0] = 0
    return {
      query: this.#codes,
      factor: this.#metric === 'cosine' ? scale * inverseLength(query) : scale,
      wanted,
      ranked: this.#ranked,
      capacity,
      distances,
      rows,
      found: this.#found,
    }
  }

  #roomFor(capacity: number): { readonly distances: Region; readonly rows: Region } {
    if (this.#room !== undefined && this.#room.capacity >= capacity) return this.#room
    if (this.#room !== undefined) {
      this.#kernel.release(this.#room.distances)
      this.#kernel.release(this.#room.rows)
      this.#room = undefined
    }
    const cells = Math.max(64, capacity)
    const distances = this.#kernel.reserve(8 * cells)
    const rows = this.#kernel.reserve(4 * cells)
    this.#room = { capacity: cells, distances, rows }
    return this.#room
  }
}

function inverseLength(query: Float32Array): number {
  let square = 0
  for (const value of query) square += value * value
  return square === 0 ? 0 : 1 / Math.sqrt(square)
}
