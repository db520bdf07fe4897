import type { SqliteSink } from './page-output.js'

/** Collects a file in memory. */
export class MemorySink implements SqliteSink {
  readonly #chunks: Uint8Array[] = []
  #first: Uint8Array = new Uint8Array()

  write(bytes: Uint8Array, offset: number): void {
    if (offset === 0) this.#first = bytes
    else this.#chunks.push(bytes)
  }

  /** The whole file, once the writer is finished. */
  image(): Uint8Array<ArrayBuffer> {
    const parts = [this.#first, ...this.#chunks]
    let at = 0
    const image = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0))
    for (const part of parts) {
      image.set(part, at)
      at += part.length
    }
    return image
  }
}
