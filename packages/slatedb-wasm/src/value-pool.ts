import { unfilledBytes } from './unfilled-bytes.js'

/** Up to here, V8 keeps the bytes of an array in its heap, at no extra cost. */
const IN_HEAP_BYTES = 64
/** Longer values have separate buffers, so that a value that is kept holds little else in memory. */
const MAX_POOLED_BYTES = 1024
const POOL_BYTES = 16 * 1024

interface Platform {
  getBuiltinModule?(name: 'node:worker_threads'): {
    markAsUntransferable?(value: object): void
  }
}

const { process: platform } = globalThis as { process?: Platform }

/**
 * Copies of values, which belong to the caller. Short ones share a buffer, as those of `Buffer` do, since a buffer costs
 * several times as much as a view of one.
 */
export class ValuePool {
  #pool = new Uint8Array(0)
  #used = 0
  /** `undefined` until the second value, `null` outside Node. */
  #mark: ((value: object) => void) | null | undefined

  /** Copies `length` bytes of `bytes`. */
  copy(bytes: Uint8Array<ArrayBuffer>, at: number, length: number): Uint8Array<ArrayBuffer> {
    if (length > MAX_POOLED_BYTES) {
      const copy = unfilledBytes(length)
      copy.set(bytes.subarray(at, at + length))
      return copy
    }
    if (length <= IN_HEAP_BYTES) return bytes.slice(at, at + length)
    if (this.#used + length > this.#pool.length && !this.#renew()) {
      return bytes.slice(at, at + length)
    }
    const pool = this.#pool
    const start = this.#used
    // Values start at multiples of eight, so that typed arrays of numbers can be made of them.
    this.#used = (start + length + 7) & ~7
    pool.set(bytes.subarray(at, at + length), start)
    return new Uint8Array(pool.buffer, start, length)
  }

  /** False if there is no pool: for the first value, and outside Node. */
  #renew(): boolean {
    if (this.#mark === undefined) {
      if (this.#used === 0) {
        // `node:worker_threads` takes milliseconds to load, which one value is not worth.
        this.#used = 1
        return false
      }
      // To transfer the buffer of one value to another thread would take away the values of other callers.
      this.#mark = platform?.getBuiltinModule?.('node:worker_threads')?.markAsUntransferable ?? null
    }
    if (this.#mark === null) return false
    this.#pool = new Uint8Array(POOL_BYTES)
    this.#mark(this.#pool.buffer)
    this.#used = 0
    return true
  }
}
