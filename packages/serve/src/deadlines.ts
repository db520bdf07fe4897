const STEP_MS = 1000

/**
 * Signals that abort after a time limit, rounded up by at most a second: requests of the same second
 * share one, so that a request costs no timer.
 */
export class Deadlines {
  readonly #ms: number
  #controller: AbortController | undefined
  #until = 0

  constructor(ms: number) {
    this.#ms = ms
  }

  signal(): AbortSignal {
    const now = performance.now()
    if (this.#controller === undefined || now >= this.#until) {
      const controller = new AbortController()
      this.#controller = controller
      this.#until = now + STEP_MS
      const timer = setTimeout(() => controller.abort(new Overdue(this.#ms)), this.#ms + STEP_MS)
      timer.unref()
    }
    return this.#controller.signal
  }
}

/** A request took longer than its limit. */
export class Overdue extends Error {
  override readonly name = 'Overdue'

  constructor(ms: number) {
    super(`no answer within ${ms} ms; retry later`)
  }
}
