import type { Context } from '../session/context.js'
import type { ProgressState } from './progress-state.js'
import { progressBlock, progressLine } from './progress-text.js'

/** How often it is drawn: on a terminal, so that it is seen to move; elsewhere as a new line. */
const REDRAW_MS = 100
const PLAIN_LINE_MS = 5000

type Surroundings = Pick<Context, 'stderr' | 'paint' | 'tell'>

/** Shows how a build goes: lines rewritten in place on a terminal, otherwise now and then a line of its own. */
export class ProgressView {
  readonly #out: Surroundings
  readonly #live: boolean
  readonly #everyMs: number
  #drawnAt = performance.now()
  #phase: ProgressState['phase'] = 'writing'
  #lines = 0

  constructor(out: Surroundings) {
    this.#out = out
    this.#live = out.stderr.isTerminal && process.env['TERM'] !== 'dumb'
    this.#everyMs = this.#live ? REDRAW_MS : PLAIN_LINE_MS
    if (this.#live) this.#drawnAt -= REDRAW_MS
  }

  /** True when it is time to draw again: asking costs less than making the state. */
  get isDue(): boolean {
    return performance.now() - this.#drawnAt >= this.#everyMs
  }

  /** Draws if it is time, and whenever a phase begins. */
  update(state: ProgressState): void {
    if (!this.isDue && state.phase === this.#phase) return
    this.#phase = state.phase
    this.#drawnAt = performance.now()
    if (this.#live) this.#redraw(state)
    else this.#out.tell(`${progressLine(state)}\n`)
  }

  /** Makes room for something else to be written; the next `update` draws below it. */
  clear(): void {
    if (this.#lines > 0) this.#out.tell(`${upBy(this.#lines)}\u001B[J`)
    this.#lines = 0
  }

  #redraw(state: ProgressState): void {
    const columns = process.stderr.columns ?? this.#out.stderr.columns ?? 80
    const lines = progressBlock(state, columns, this.#out.paint)
    // Up to the first line, then over what was there; one write, so that nothing flickers.
    this.#out.tell(upBy(this.#lines) + lines.map((line) => `${line}\u001B[K`).join('\n'))
    this.#lines = lines.length
  }

  /** Leaves what was drawn last. */
  end(): void {
    if (this.#lines > 0) this.#out.tell('\n')
    this.#lines = 0
  }
}

/** To the beginning of the first of so many lines. */
function upBy(lines: number): string {
  return lines > 1 ? `\r\u001B[${lines - 1}A` : '\r'
}
