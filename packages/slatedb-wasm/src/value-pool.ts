import { SharedBuffer } from './shared-buffer.js'
import { unfilledBytes } from './unfilled-bytes.js'

/** Up to here, V8 keeps the bytes of an array in its heap, at no extra cost. */
const IN_HEAP_BYTES = 64
/** Longer values have separate buffers, so that a value that is kept holds little else in memory. */
const SHORT = { valueBytes: 1024, bufferBytes: 16 * 1024 }
const MIDDLE = { valueBytes: 4096, bufferBytes: 32 * 1024 }

/**
 * Copies of values, which belong to the caller. Short ones share a buffer, as those of `Buffer` do, since a buffer costs
 * several times as much as a view of one.
 */
export class ValuePool {
  readonly #short = new SharedBuffer(SHORT.bufferBytes)
  readonly #middle = new SharedBuffer(MIDDLE.bufferBytes)

  /** Copies `length` bytes of `bytes`. */
  copy(bytes: Uint8Array<ArrayBuffer>, at: number, length: number): Uint8Array<ArrayBuffer> {
    if (length <= IN_HEAP_BYTES) return bytes.slice(at, at + length)
    if (length <= MIDDLE.valueBytes) {
      const shared = length <= SHORT.valueBytes ? this.#short : this.#middle
      return shared.copy(bytes, at, length) ?? bytes.slice(at, at + length)
    }
    const copy = unfilledBytes(length)
    copy.set(bytes.subarray(at, at + length))
    return copy
  }
}
