import type { Context } from '../session/context.js'

/** How often they are drawn: on a terminal, so that they are seen to move; elsewhere as a new line. */
const REDRAW_MS = 100
const PLAIN_LINE_MS = 5000

/** What is to be shown, made only when it is time. */
export interface LiveState {
  /** When it changes, it is shown at once. */
  readonly phase: string
  /** On a terminal, no wider than that. */
  lines(columns: number): readonly string[]
  /** Elsewhere. */
  line(): string
}

/** Shows how long work goes: lines rewritten in place on a terminal, otherwise now and then a line of its own. */
export class LiveLines {
  readonly #out: Pick<Context, 'stderr' | 'tell'>
  readonly #live: boolean
  readonly #everyMs: number
  #shownAt = performance.now()
  #phase: string
  #count = 0

  /** Elsewhere than on a terminal the first phase is worth a line only when it takes long. */
  constructor(out: Pick<Context, 'stderr' | 'tell'>, firstPhase: string) {
    this.#out = out
    this.#live = out.stderr.isTerminal && process.env['TERM'] !== 'dumb'
    this.#phase = this.#live ? '' : firstPhase
    this.#everyMs = this.#live ? REDRAW_MS : PLAIN_LINE_MS
  }

  /** True when it is time again. */
  get isDue(): boolean {
    return performance.now() - this.#shownAt >= this.#everyMs
  }

  /** Shows it if it is time, and whenever a phase begins. */
  show(state: LiveState): void {
    const { phase } = state
    if (!this.isDue && phase === this.#phase) return
    this.#phase = phase
    this.#shownAt = performance.now()
    if (!this.#live) return this.#out.tell(`${state.line()}\n`)
    const lines = state.lines(process.stderr.columns ?? this.#out.stderr.columns ?? 80)
    // Over what was there, in one write, so that nothing flickers.
    this.#out.tell(upBy(this.#count) + lines.map((line) => `${line}\u001B[K`).join('\n'))
    this.#count = lines.length
  }

  /** Takes them off the terminal, for something else to be written; they come back below it. */
  clear(): void {
    if (this.#count > 0) this.#out.tell(`${upBy(this.#count)}\u001B[J`)
    this.#count = 0
  }

  /** Leaves what was shown last. */
  end(): void {
    if (this.#count > 0) this.#out.tell('\n')
    this.#count = 0
  }
}

/** To the beginning of the first of so many lines. */
function upBy(lines: number): string {
  return lines > 1 ? `\r\u001B[${lines - 1}A` : '\r'
}
