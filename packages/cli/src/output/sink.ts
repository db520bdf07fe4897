import { writeSync } from 'node:fs'
import { BrokenPipe } from '../util/usage-error.js'

const BLOCK_BYTES = 64 * 1024
const RETRY_MS = 2

/**
 * Writes to a file descriptor synchronously, in blocks, so that a long loop without `await` detects a closed pipe.
 *
 * Errors: BrokenPipe if the reader has closed the pipe.
 */
export class Sink {
  readonly #fd: number
  #parts: Uint8Array[] = []
  #bytes = 0

  constructor(fd: number) {
    this.#fd = fd
  }

  write(data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    this.#parts.push(bytes)
    this.#bytes += bytes.length
    if (this.#bytes >= BLOCK_BYTES) this.flush()
  }

  flush(): void {
    if (this.#bytes === 0) return
    const block = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)
    this.#parts = []
    this.#bytes = 0
    writeAll(this.#fd, block)
  }
}

/** Writes all bytes. Retries on EAGAIN, which occurs if another process has made a shared pipe non-blocking. */
function writeAll(fd: number, bytes: Uint8Array): void {
  let offset = 0
  while (offset < bytes.length) {
    try {
      offset += writeSync(fd, bytes, offset)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPIPE') throw new BrokenPipe('the reader of the output has closed the pipe')
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
    }
  }
}
