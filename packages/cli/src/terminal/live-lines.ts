import type { Context } from '../session/context.js'

/** Interval between updates: redrawn in place on a terminal, a new line elsewhere. */
const REDRAW_MS = 100
const PLAIN_LINE_MS = 5000

/** The state to show. Its text is created only when it is drawn. */
export interface LiveState {
  /** A change of phase is shown immediately. */
  readonly phase: string
  /** Lines for a terminal of this width. */
  lines(columns: number): readonly string[]
  /** One line for other outputs. */
  line(): string
}

/** Shows the progress of long work: redraws lines in place on a terminal, else prints a line at intervals. */
export class LiveLines {
  readonly #out: Pick<Context, 'stderr' | 'writeErr'>
  readonly #live: boolean
  readonly #everyMs: number
  #shownAt = performance.now()
  #phase: string
  #count = 0

  /** Without a terminal, the first phase is printed only after an interval has passed. */
  constructor(out: Pick<Context, 'stderr' | 'writeErr'>, firstPhase: string) {
    this.#out = out
    this.#live = out.stderr.isTerminal && process.env['TERM'] !== 'dumb'
    this.#phase = this.#live ? '' : firstPhase
    this.#everyMs = this.#live ? REDRAW_MS : PLAIN_LINE_MS
  }

  /** True if the interval has passed. */
  get isDue(): boolean {
    return performance.now() - this.#shownAt >= this.#everyMs
  }

  /** Shows the state if the interval has passed or the phase has changed. */
  show(state: LiveState): void {
    const { phase } = state
    if (!this.isDue && phase === this.#phase) return
    this.#phase = phase
    this.#shownAt = performance.now()
    if (!this.#live) return this.#out.writeErr(`${state.line()}\n`)
    const lines = state.lines(process.stderr.columns ?? this.#out.stderr.columns ?? 80)
    // Overwrite the old lines in one write to avoid flicker.
    this.#out.writeErr(upBy(this.#count) + lines.map((line) => `${line}\u001B[K`).join('\n'))
    this.#count = lines.length
  }

  /** Erases the lines so that other text can be written; the next `show` draws them below it. */
  clear(): void {
    if (this.#count > 0) this.#out.writeErr(`${upBy(this.#count)}\u001B[J`)
    this.#count = 0
  }

  /** Ends the display and leaves the last lines on the terminal. */
  end(): void {
    if (this.#count > 0) this.#out.writeErr('\n')
    this.#count = 0
  }
}

/** Moves the cursor to the start of the first of `lines` lines. */
function upBy(lines: number): string {
  return lines > 1 ? `\r\u001B[${lines - 1}A` : '\r'
}
