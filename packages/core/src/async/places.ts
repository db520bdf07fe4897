interface Waiting {
  readonly enter: () => void
  readonly fail: (reason: Error) => void
  readonly timer: ReturnType<typeof setTimeout>
}

/**
 * A fixed number of places, handed on in the order in which they were asked for.
 *
 * A place goes straight from who gives it to who waits, so that nobody can take it in between.
 */
export class Places {
  #free: number
  readonly #queue = new Set<Waiting>()

  constructor(count: number) {
    this.#free = count
  }

  /** Callers waiting for a place. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Resolves with a place, or rejects with what `expired` makes after `timeoutMs`. */
  take(timeoutMs: number, expired: () => Error): Promise<void> {
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

  /** Hands a place to who has waited longest, or keeps it for later. */
  give(): void {
    const next = this.#shift()
    if (next === undefined) this.#free++
    else next.enter()
  }

  /** Sends everybody who waits away. */
  refuse(reason: () => Error): void {
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
