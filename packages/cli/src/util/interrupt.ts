/** The user pressed Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** Catches Ctrl-C during work that must clean up. A second Ctrl-C ends the process immediately. */
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

  /** Settles like the promise, or rejects with Interrupted. Supports one promise at a time. */
  async race<T>(promise: Promise<T>): Promise<T> {
    // `Promise.race` with one long-lived promise for the signal would retain every result until the signal.
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
