/** Buffers kept for reuse at most; more than are on their way to workers at a time is of no use. */
const MAX_FREE = 64
/** A buffer so many times larger than what is asked for would waste memory. */
const MAX_WASTE = 2

/**
 * Buffers of chunks that came back from where they were sent, to be filled again.
 *
 * Allocating one for each batch costs more in garbage collection than everything else a build does on its own thread.
 */
export class BufferPool {
  readonly #free: ArrayBuffer[] = []

  /** A buffer of at least so many bytes, with anything in it. */
  take(bytes: number): ArrayBuffer {
    const last = this.#free.at(-1)
    if (last === undefined || last.byteLength < bytes || last.byteLength > MAX_WASTE * bytes)
      return new ArrayBuffer(bytes)
    this.#free.pop()
    return last
  }

  give(buffer: ArrayBuffer): void {
    if (this.#free.length < MAX_FREE) this.#free.push(buffer)
    // The newest are likely to fit; one that fits nobody would be in the way for ever.
    else this.#free[0] = buffer
  }
}
