/**
 * Maximum number of buffers cached for reuse; more than are in transit to workers at a time are
 * useless.
 */
const MAX_FREE = 64
/** A buffer larger than the request by this factor would waste memory. */
const MAX_WASTE = 2

/**
 * Reuses the buffers of chunks that workers have returned.
 *
 * Allocating one for each batch costs more in garbage collection than everything else a build does
 * on its own thread.
 */
export class BufferPool {
  readonly #free: ArrayBuffer[] = []

  /** Returns a buffer of at least this many bytes, with arbitrary content. */
  take(bytes: number): ArrayBuffer {
    const last = this.#free.at(-1)
    if (last === undefined || last.byteLength < bytes || last.byteLength > MAX_WASTE * bytes)
      return new ArrayBuffer(bytes)
    this.#free.pop()
    return last
  }

  /** Returns a buffer for later use. */
  give(buffer: ArrayBuffer): void {
    if (this.#free.length < MAX_FREE) this.#free.push(buffer)
    // The newest buffers are likely to fit; one that never fits must not stay forever.
    else this.#free[0] = buffer
  }
}
