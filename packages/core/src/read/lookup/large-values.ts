import { yieldIfDue } from '../../async/yield-if-due.js'

/** Values of at least this many bytes count. */
const LARGE_BYTES = 64 * 1024
/** Bytes of values that are read before callers have had the time to use and drop them. */
const MAX_UNUSED_BYTES = 1024 * 1024
/** Steps of promises from a value to the code that awaits it. */
const STEPS = 4

/**
 * Lets concurrent lookups of large values take turns.
 *
 * A value in memory is read in the call, so that many lookups at once would hold all of their values
 * before the first is used. The garbage collector of V8 then copies and marks them, which takes
 * longer than reading them. With turns, a value can be dropped before the next one is read.
 */
export class LargeValues {
  #unused = 0
  #waiting = 0
  #last: Promise<void> = Promise.resolve()

  /** True if a lookup has to take its turn. */
  get isFull(): boolean {
    return this.#waiting > 0 || this.#unused >= MAX_UNUSED_BYTES
  }

  /** Counts a value that a caller gets. */
  add(bytes: number): void {
    if (bytes < LARGE_BYTES) return
    if (this.#unused === 0) void this.#forget()
    this.#unused += bytes
  }

  /**
   * Looks up after the lookups that wait. The next lookup does not wait for the result of this one,
   * which may come from storage.
   */
  inTurn<T>(look: () => T | Promise<T>): Promise<T> {
    this.#waiting++
    const turn = this.#begin(this.#last)
    this.#last = after(turn)
    return turn.then(look)
  }

  async #begin(before: Promise<void>): Promise<void> {
    await before
    // Here, and not when the value is read: the yield would be a wait with the value of each lookup.
    await yieldIfDue()
    this.#waiting--
  }

  async #forget(): Promise<void> {
    await steps()
    this.#unused = 0
  }
}

async function after(turn: Promise<void>): Promise<void> {
  await turn
  await steps()
}

async function steps(): Promise<void> {
  for (let step = 0; step < STEPS; step++) await Promise.resolve()
}
