import { Deadlines } from './deadlines.js'
import { Refusal } from './failure.js'

/** Bounds the scans and searches that run at a time, and the time of each. */
export class ScanLimit {
  readonly #max: number
  readonly #deadlines: Deadlines
  #running = 0

  constructor(max: number, ms: number) {
    this.#max = max
    this.#deadlines = new Deadlines(ms)
  }

  get running(): number {
    return this.#running
  }

  /** Runs a scan; refuses it if too many run. */
  async run<T>(scan: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const end = this.begin()
    try {
      return await scan(this.#deadlines.signal())
    } finally {
      end()
    }
  }

  /** Counts a scan until the returned function is called. Errors: Refusal. */
  begin(): () => void {
    if (this.#running >= this.#max)
      throw new Refusal('SHARD_BUSY', `${this.#max} scans are running; retry later`, true)
    this.#running++
    let isCounted = true
    return () => {
      if (isCounted) this.#running--
      isCounted = false
    }
  }
}
