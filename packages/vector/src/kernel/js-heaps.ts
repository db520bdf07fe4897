import type { Batch } from './batch.js'

/** The heaps of a batch: for each query the worst row at the root. */
export class JsHeaps {
  readonly #capacity: number
  readonly #distances: Float64Array
  readonly #rows: Uint32Array
  readonly #lens: Uint32Array

  constructor(batch: Pick<Batch, 'capacity' | 'distances' | 'rows' | 'lens'>) {
    this.#capacity = batch.capacity
    this.#distances = batch.distances.doubles()
    this.#rows = batch.rows.words()
    this.#lens = batch.lens.words()
  }

  worst(query: number): number {
    if (this.#capacity === 0) return -Infinity
    if (this.#lens[query]! < this.#capacity) return Infinity
    return this.#distances[query * this.#capacity]!
  }

  push(query: number, distance: number, row: number): void {
    const root = query * this.#capacity
    const [distances, rows] = [this.#distances, this.#rows]
    const isWorse = (than: number): boolean =>
      distance > distances[than]! || (distance === distances[than]! && row > rows[than]!)
    const len = this.#lens[query]!
    let at = 0
    if (len < this.#capacity) {
      this.#lens[query] = len + 1
      at = len
      while (at > 0) {
        const parent = (at - 1) >>> 1
        if (!isWorse(root + parent)) break
        this.#move(root + parent, root + at)
        at = parent
      }
    } else {
      if (isWorse(root)) return
      for (;;) {
        let child = 2 * at + 1
        if (child >= len) break
        if (child + 1 < len && this.#isWorse(root + child + 1, root + child)) child++
        const [d, r] = [distances[root + child]!, rows[root + child]!]
        if (!(d > distance || (d === distance && r > row))) break
        this.#move(root + child, root + at)
        at = child
      }
    }
    distances[root + at] = distance
    rows[root + at] = row
  }

  #isWorse(a: number, b: number): boolean {
    const [d, e] = [this.#distances[a]!, this.#distances[b]!]
    return d > e || (d === e && this.#rows[a]! > this.#rows[b]!)
  }

  #move(from: number, to: number): void {
    this.#distances[to] = this.#distances[from]!
    this.#rows[to] = this.#rows[from]!
  }
}
