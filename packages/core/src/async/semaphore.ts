interface Waiting {
  readonly enter: () => void
  readonly fail: (reason: Error) => void
  readonly timer: ReturnType<typeof setTimeout>
}

/**
 * Limits concurrency with a fixed number of permits, granted in order of request.
 *
 * A released permit goes directly to the next waiting caller, so no other caller can take it in
 * between.
 */
export class Semaphore {
  #free: number
  readonly #queue = new Set<Waiting>()

  constructor(count: number) {
    this.#free = count
  }

  /** Number of callers waiting for a permit. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Resolves with a permit, or rejects with the error `expired` makes after `timeoutMs`. */
  acquire(timeoutMs: number, expired: () => Error): Promise<void> {
    if (this.#free > 0) {
      this.#free--
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#queue.delete(waiting)
        reject(expired())
      }, timeoutMs)
      const waiting: Waiting = { enter: resolve, fail: reject, timer }
      this.#queue.add(waiting)
    })
  }

  /** Passes the permit to the caller that has waited longest, or makes it free. */
  release(): void {
    const next = this.#shift()
    if (next === undefined) this.#free++
    else next.enter()
  }

  /** Rejects all waiting callers. */
  rejectAll(reason: () => Error): void {
    for (let next = this.#shift(); next !== undefined; next = this.#shift()) next.fail(reason())
  }

  #shift(): Waiting | undefined {
    for (const waiting of this.#queue) {
      this.#queue.delete(waiting)
      clearTimeout(waiting.timer)
      return waiting
    }
    return undefined
  }
}
