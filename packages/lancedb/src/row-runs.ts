/** Numbers LanceDB gave to rows, by their places in the order of a scan: consecutive ones are one run. */
export class RowRuns {
  readonly #places: number[] = []
  readonly #ids: number[] = []
  #count = 0
  #next = -1

  get count(): number {
    return this.#count
  }

  add(id: number): void {
    if (id !== this.#next) {
      this.#places.push(this.#count)
      this.#ids.push(id)
    }
    this.#count++
    this.#next = id + 1
  }

  /** The number of the row at a place. */
  idAt(place: number): number {
    let [low, high] = [0, this.#places.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#places[middle]! <= place) low = middle
      else high = middle - 1
    }
    return this.#ids[low]! + (place - this.#places[low]!)
  }
}
