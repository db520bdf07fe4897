/** Milliseconds that blocking reads may take in one turn of the event loop. */
const TURN_MS = 0.5
/** The same if the caller yields when it has had its time. */
const FAIR_TURN_MS = 8
/** A read from the page cache takes less: these, and a nanosecond for each byte. */
const FAST_MS = 0.06
const FAST_MS_PER_BYTE = 1e-6
const MIN_PAUSE = 4
const MAX_PAUSE = 1024

/**
 * Decides if the next read may block the event loop: as long as reads come from the page cache, and
 * up to some milliseconds in one turn.
 *
 * Whether the page cache has the bytes is known only afterwards, by the time that the read took.
 * After two slow ones, the next 4 reads do not block; if the first one after them is slow again,
 * the next 8, and up to 1,024.
 */
export class ReadPace {
  #turnMs = 0
  #isTurn = false
  #pause = MIN_PAUSE
  #skip = 0
  /** True after a slow read, until a fast one. */
  #isSuspect = false

  /** Returns true if a read may block now; `isFair` if its caller yields to the event loop itself. */
  mayBlock(isFair = false): boolean {
    if (this.#skip > 0) {
      this.#skip--
      return false
    }
    return this.#turnMs <= (isFair ? FAIR_TURN_MS : TURN_MS)
  }

  /** Records how long a blocking read took, in milliseconds. */
  took(bytes: number, ms: number): void {
    this.#turnMs += ms
    if (!this.#isTurn) this.#begin()
    if (ms <= FAST_MS + bytes * FAST_MS_PER_BYTE) {
      this.#isSuspect = false
      if (this.#pause > MIN_PAUSE) this.#pause >>= 1
      return
    }
    // One slow read may only mean that another process got the processor.
    if (!this.#isSuspect) {
      this.#isSuspect = true
      return
    }
    this.#skip = this.#pause
    this.#pause = Math.min(2 * this.#pause, MAX_PAUSE)
  }

  #begin(): void {
    this.#isTurn = true
    setImmediate(() => {
      this.#isTurn = false
      this.#turnMs = 0
    })
  }
}
