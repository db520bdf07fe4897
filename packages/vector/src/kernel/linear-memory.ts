/** Addresses are multiples of this. */
const ALIGNMENT = 64

interface Extent {
  readonly start: number
  readonly end: number
}

/** Hands out parts of an address space: the first that fits, neighbours joined when they come back. */
export class LinearMemory {
  readonly #grow: (end: number) => boolean
  /** Free extents below `#end`, by address. */
  #free: Extent[] = []
  #end: number
  #used = 0

  /** `grow` makes the space reach up to `end`, or returns false. */
  constructor(start: number, grow: (end: number) => boolean) {
    this.#end = aligned(start)
    this.#grow = grow
  }

  get usedBytes(): number {
    return this.#used
  }

  /** Returns an address, or `undefined` if the space cannot grow. */
  reserve(bytes: number): number | undefined {
    const size = aligned(Math.max(1, bytes))
    const i = this.#free.findIndex(({ start, end }) => end - start >= size)
    if (i >= 0) {
      const { start, end } = this.#free[i]!
      if (end - start === size) this.#free.splice(i, 1)
      else this.#free[i] = { start: start + size, end }
      this.#used += size
      return start
    }
    const last = this.#free.at(-1)
    const isAtEnd = last !== undefined && last.end === this.#end
    const start = isAtEnd ? last.start : this.#end
    if (!this.#grow(start + size)) return undefined
    if (isAtEnd) this.#free.pop()
    this.#end = start + size
    this.#used += size
    return start
  }

  release(address: number, bytes: number): void {
    const size = aligned(Math.max(1, bytes))
    this.#used -= size
    let start = address
    let end = address + size
    let i = this.#free.findIndex((extent) => extent.start > address)
    if (i < 0) i = this.#free.length
    const after = this.#free[i]
    const before = this.#free[i - 1]
    let removed = 0
    if (after !== undefined && after.start === end) {
      end = after.end
      removed++
    }
    if (before !== undefined && before.end === start) {
      start = before.start
      i--
      removed++
    }
    this.#free.splice(i, removed, { start, end })
  }
}

function aligned(n: number): number {
  return Math.ceil(n / ALIGNMENT) * ALIGNMENT
}
