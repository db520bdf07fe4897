import type { ByteSpan } from './block-cache-contract.js'
import { type Extent, parseExtentName } from './extent-file.js'

/** The files of one object, by their first byte. */
export class ExtentIndex {
  readonly #extents: Extent[] = []

  constructor(names: readonly string[], bytes: number) {
    for (const name of names) {
      const extent = parseExtentName(name)
      if (extent !== undefined && extent.end <= bytes) this.#extents.push(extent)
    }
    this.#extents.sort((a, b) => a.start - b.start || b.end - a.end)
  }

  get size(): number {
    return this.#extents.length
  }

  add(extent: Extent): void {
    const at = this.#after(extent.start)
    if (this.#extents[at - 1]?.name !== extent.name) this.#extents.splice(at, 0, extent)
  }

  remove(extent: Extent): void {
    const at = this.#extents.findIndex(({ name }) => name === extent.name)
    if (at !== -1) this.#extents.splice(at, 1)
  }

  /** Returns the file that contains this byte; of several, one of those that begin last. */
  at(byte: number): Extent | undefined {
    // Files overlap only if two processes fetched the same blocks at the same time.
    const after = this.#after(byte)
    for (let i = after - 1; i >= 0 && i >= after - MAX_OVERLAPS; i--) {
      if (this.#extents[i]!.end > byte) return this.#extents[i]
    }
    return undefined
  }

  /** Returns the parts of a span that no file contains, from the first to the last. */
  missing({ start, end }: ByteSpan): ByteSpan | undefined {
    let first: number | undefined
    let last = start
    for (let at = start; at < end;) {
      const extent = this.at(at)
      if (extent !== undefined) {
        at = extent.end
        continue
      }
      first ??= at
      const next = this.#extents[this.#after(at)]?.start ?? end
      at = Math.min(next, end)
      last = at
    }
    return first === undefined ? undefined : { start: first, end: last }
  }

  /** Returns the position of the first file that begins behind a byte. */
  #after(byte: number): number {
    let low = 0
    let high = this.#extents.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#extents[middle]!.start <= byte) low = middle + 1
      else high = middle
    }
    return low
  }
}

const MAX_OVERLAPS = 8
