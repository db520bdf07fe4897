import type { BadRowPolicy } from '../input/bad-row.js'
import type { Context } from '../session/context.js'
import { LiveLines } from './live-lines.js'

/** Shows the progress of a build or an update: that of the library, and of the input before it. */
export abstract class ProgressView<P extends { readonly phase: string }> {
  protected readonly context: Context
  protected readonly bad: BadRowPolicy
  readonly #live: LiveLines | undefined
  readonly #startedAt = performance.now()
  readonly #firstPhase: P['phase']
  /** Number of records passed to the library so far. */
  protected taken = 0
  protected latest: P | undefined

  /** Shows nothing unless `isShown`. */
  constructor(context: Context, bad: BadRowPolicy, firstPhase: P['phase'], isShown: boolean) {
    this.context = context
    this.bad = bad
    this.#firstPhase = firstPhase
    this.#live = isShown ? new LiveLines(context, firstPhase) : undefined
  }

  /** Records the number of records passed to the library so far. */
  recordsTaken(records: number): void {
    this.taken = records
    if (this.#live?.isDue === true) this.#show()
  }

  update(progress: P): void {
    this.latest = progress
    this.#show()
  }

  /** Prints a line above the progress display. */
  print(text: string): void {
    this.#live?.clear()
    this.context.writeErr(text)
  }

  end(): void {
    this.#live?.end()
  }

  protected get phase(): P['phase'] {
    return this.latest?.phase ?? this.#firstPhase
  }

  protected get elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  /** The lines on a terminal. */
  protected abstract lines(columns: number): readonly string[]
  /** The line elsewhere. */
  protected abstract line(): string

  #show(): void {
    this.#live?.show({
      phase: this.phase,
      lines: (columns) => this.lines(columns),
      line: () => this.line(),
    })
  }
}
