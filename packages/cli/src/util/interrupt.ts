/** Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** Listens for Ctrl-C while work runs that has something to clean up; a second one ends the process at once. */
export class InterruptGuard implements Disposable {
  readonly #listener: () => void
  #reject: ((reason: Interrupted) => void) | undefined
  #seen = false

  constructor() {
    this.#listener = () => {
      this.#seen = true
      this.#reject?.(new Interrupted('stopped by Ctrl-C'))
    }
    process.once('SIGINT', this.#listener)
  }

  get seen(): boolean {
    return this.#seen
  }

  /** Settles as the promise does, or rejects with Interrupted; for one promise at a time. */
  async race<T>(promise: Promise<T>): Promise<T> {
    // Not `Promise.race` with one promise for the signal: that keeps every result for as long as it is pending.
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#reject = reject
        if (this.#seen) reject(new Interrupted('stopped by Ctrl-C'))
        promise.then(resolve, reject)
      })
    } finally {
      this.#reject = undefined
    }
  }

  [Symbol.dispose](): void {
    process.removeListener('SIGINT', this.#listener)
  }
}
