/**
 * Bounds the bytes of full batches that wait to be written, over all shards of a build: the caller packs
 * rows while other threads start, or store what exceeds their memory.
 */
export class BatchRoom {
  readonly #limitBytes: number
  #bytes = 0
  #waiting: (() => void)[] = []

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  take(bytes: number): void {
    this.#bytes += bytes
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes
    if (this.#bytes > this.#limitBytes) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const proceed of waiting) proceed()
  }

  /** Resolves when there is room. If there is, too: a promise lets batches start on their way. */
  ready(): Promise<void> {
    if (this.#bytes <= this.#limitBytes) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
