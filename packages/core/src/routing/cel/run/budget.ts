import { CelLimitError } from '../cel-failure.js'

/** Maximum iterations of macros in one evaluation; the reference has the same limit. */
const MAX_TURNS = 10_000
/**
 * Maximum steps of one evaluation: nodes evaluated in macros, and the cost of long values. About a
 * fifth of a second.
 */
const MAX_STEPS = 2_000_000
/** Maximum bytes of text, bytes and lists that one evaluation may create. */
const MAX_BYTES = 64 * 1024 * 1024

/** The remaining budget of one evaluation. Errors: CelLimitError if it is used up. */
export class Budget {
  #turns = MAX_TURNS
  #steps = MAX_STEPS
  #bytes = MAX_BYTES

  reset(): void {
    this.#turns = MAX_TURNS
    this.#steps = MAX_STEPS
    this.#bytes = MAX_BYTES
  }

  /** Counts one iteration of a macro over a body of that many nodes. */
  turn(nodes: number): void {
    if (--this.#turns < 0)
      throw new CelLimitError(`it takes more than ${MAX_TURNS} iterations of its macros`)
    this.steps(nodes)
  }

  steps(count: number): void {
    this.#steps -= count
    if (this.#steps < 0) throw new CelLimitError(`it takes more than ${MAX_STEPS} steps`)
  }

  /**
   * Counts the bytes of a value that was read or created; creating one also counts against memory.
   */
  read(bytes: number): void {
    if (bytes >= 64) this.steps(bytes >>> 6)
  }

  make(bytes: number): void {
    this.#bytes -= bytes
    if (this.#bytes < 0) throw new CelLimitError(`it makes values of more than ${MAX_BYTES} bytes`)
    this.read(bytes)
  }
}
