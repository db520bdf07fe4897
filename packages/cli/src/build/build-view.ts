import type { BuildProgress } from '@shardyfusion/core'
import type { BadRowPolicy } from '../input/bad-row.js'
import type { RowSource } from '../input/row-source.js'
import type { Context } from '../session/context.js'
import type { ProgressState } from '../terminal/progress-state.js'
import { ProgressView } from '../terminal/progress-view.js'
import type { BuildFlags } from './build-flags.js'

/** Brings together what the writer, the input and the clock know of a build, and shows it. */
export class BuildView {
  readonly #context: Context
  readonly #source: RowSource
  readonly #bad: BadRowPolicy
  readonly #expectedRows: number | undefined
  readonly #view: ProgressView | undefined
  readonly #startedAt = performance.now()
  #rows = 0
  #latest: BuildProgress | undefined

  constructor(context: Context, source: RowSource, bad: BadRowPolicy, flags: BuildFlags) {
    this.#context = context
    this.#source = source
    this.#bad = bad
    this.#expectedRows = flags.expectedRows
    this.#view = flags.progress ? new ProgressView(context) : undefined
  }

  /** So many rows were handed to the writer. */
  rowsPut(rows: number): void {
    this.#rows = rows
    if (this.#view?.isDue === true) this.#view.update(this.#state())
  }

  update(progress: BuildProgress): void {
    this.#latest = progress
    this.#view?.update(this.#state())
  }

  /** Writes a line above the progress. */
  say(text: string): void {
    this.#view?.clear()
    this.#context.tell(text)
  }

  end(): void {
    this.#view?.end()
  }

  #state(): ProgressState {
    const latest = this.#latest
    const phase = latest?.phase ?? 'writing'
    const share = this.#source.progress
    const expected = this.#expectedRows
    return {
      phase,
      rows: phase === 'writing' ? Math.max(this.#rows, latest?.rows ?? 0) : (latest?.rows ?? 0),
      bytes: latest?.bytes ?? 0,
      share: share ?? (expected ? Math.min(1, this.#rows / expected) : undefined),
      elapsedMs: performance.now() - this.#startedAt,
      shards: latest?.shards ?? 0,
      shardsSealed: latest?.shardsSealed ?? 0,
      shardsRetried: 0,
      badRows: this.#bad.count,
    }
  }
}
