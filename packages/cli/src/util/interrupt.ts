/** Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/**
 * Listens for Ctrl-C while long work runs that has something to clean up; a second one ends the process at once.
 *
 * `race` settles as the promise does, or rejects with Interrupted.
 */
export class InterruptGuard implements Disposable {
  readonly #interrupted: Promise<never>
  readonly #listener: () => void
  #seen = false

  constructor() {
    let reject: (error: Interrupted) => void
    this.#interrupted = new Promise((_, no) => (reject = no))
    // Nobody may be waiting when it comes.
    this.#interrupted.catch(() => {})
    this.#listener = () => {
      this.#seen = true
      reject(new Interrupted('stopped by Ctrl-C'))
    }
    process.once('SIGINT', this.#listener)
  }

  get seen(): boolean {
    return this.#seen
  }

  race<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#interrupted])
  }

  [Symbol.dispose](): void {
    process.removeListener('SIGINT', this.#listener)
  }
}
