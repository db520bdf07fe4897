import type { InitOutput } from '../wasm/slatedb.js'

/** Made ready at most; a step that the host refuses would stop the engine for good. */
const MAX_RESERVED_BYTES = 512 * 1024 * 1024

/**
 * Grows the memory of an instance in few large steps, before writers fill it.
 *
 * The engine's allocator takes 64 KiB at a time, and at each step V8 counts the whole memory as new garbage: filling
 * 450 MB so took as long as all the rest of writing 1 million rows (5 of 10 s, measured on Node 20.20). Memory that
 * is made ready and not used costs address space alone.
 */
export class MemoryReserve {
  readonly #exports: InitOutput
  #wantedBytes = 0

  constructor(exports: InitOutput) {
    this.#exports = exports
  }

  /** Makes sure of so many bytes more, until the function it gives is called. */
  hold(bytes: number): () => void {
    this.#wantedBytes += bytes
    const wanted = Math.min(MAX_RESERVED_BYTES, this.#wantedBytes)
    const { memory, __wbindgen_malloc: take, __wbindgen_free: giveBack } = this.#exports
    const missing = wanted - memory.buffer.byteLength
    // Taken and given back: what was one block stays one block until it is used.
    if (missing > 0) giveBack(take(missing, 1), missing, 1)
    let held = true
    return () => {
      if (held) this.#wantedBytes -= bytes
      held = false
    }
  }
}
