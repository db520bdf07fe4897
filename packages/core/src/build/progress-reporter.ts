const REPORT_EVERY_MS = 200

/** Reports the progress of long work: at once when its phase changes, else a few times a second. */
export abstract class ProgressReporter<P extends { readonly phase: string }> {
  readonly #report: ((progress: P) => void) | undefined
  readonly #startedAt = performance.now()
  #lastReport = 0
  #phase: P['phase']

  constructor(report: ((progress: P) => void) | undefined, phase: P['phase']) {
    this.#report = report
    this.#phase = phase
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  enter(phase: P['phase']): void {
    this.#phase = phase
    this.report()
  }

  /** Reports the end; a throwing callback must not undo finished work. */
  finish(): void {
    try {
      this.enter('done')
    } catch {
      // See above.
    }
  }

  reportIfDue(): void {
    if (this.elapsedMs - this.#lastReport >= REPORT_EVERY_MS) this.report()
  }

  report(): void {
    if (this.#report === undefined) return
    const { elapsedMs } = this
    this.#lastReport = elapsedMs
    this.#report(this.progressAt(this.#phase, elapsedMs))
  }

  protected abstract progressAt(phase: P['phase'], elapsedMs: number): P
}
