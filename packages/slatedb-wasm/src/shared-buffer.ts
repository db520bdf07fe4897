import { unfilledBytes } from './unfilled-bytes.js'

interface Platform {
  getBuiltinModule?(name: 'node:worker_threads'): {
    markAsUntransferable?(value: object): void
  }
}

const { process: platform } = globalThis as { process?: Platform }

/** Memory for short values: one buffer after the other, each for several of them. */
export class SharedBuffer {
  readonly #bytes: number
  #buffer = new Uint8Array(0)
  #used = 0
  /** `undefined` until the second value, `null` outside Node. */
  #mark: ((value: object) => void) | null | undefined

  /** Each buffer has this many bytes. */
  constructor(bytes: number) {
    this.#bytes = bytes
  }

  /** Copies `length` bytes of `bytes`, fewer than a buffer has; `undefined` for the first value, and outside Node. */
  copy(bytes: Uint8Array, at: number, length: number): Uint8Array<ArrayBuffer> | undefined {
    if (this.#used + length > this.#buffer.length && !this.#renew()) return undefined
    const start = this.#used
    // Values start at multiples of eight, so that typed arrays of numbers can be made of them.
    this.#used = (start + length + 7) & ~7
    this.#buffer.set(bytes.subarray(at, at + length), start)
    return new Uint8Array(this.#buffer.buffer, start, length)
  }

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
    this.#buffer = unfilledBytes(this.#bytes)
    this.#mark(this.#buffer.buffer)
    this.#used = 0
    return true
  }
}
