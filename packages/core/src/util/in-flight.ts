/** Counts running calls, so that `close()` can wait for them. */
export class InFlight {
  #running = 0
  #idle: (() => void) | undefined

  /** Runs `work` as one of the calls `idle()` waits for. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#running++
    try {
      return await work()
    } finally {
      this.#running--
      if (this.#running === 0) this.#idle?.()
    }
  }

  /** Resolves when no call is running; call it once, after new calls are refused. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle = resolve
    })
  }
}
