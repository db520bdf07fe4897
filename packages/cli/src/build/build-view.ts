import type { BuildProgress } from '@shardyfusion/core'
import type { BadRowPolicy } from '../input/bad-row.js'
import type { RowSource } from '../input/row-source.js'
import type { Context } from '../session/context.js'
import { LiveLines } from '../terminal/live-lines.js'
import type { BuildFlags } from './build-flags.js'
import type { ProgressState } from './progress-state.js'
import { progressBlock, progressLine } from './progress-text.js'

/** Shows the progress of a build. Combines the state of the writer and the input with the elapsed time. */
export class BuildView {
  readonly #context: Context
  readonly #source: RowSource
  readonly #bad: BadRowPolicy
  readonly #expectedRows: number | undefined
  readonly #live: LiveLines | undefined
  readonly #startedAt = performance.now()
  #rows = 0
  #latest: BuildProgress | undefined

  constructor(context: Context, source: RowSource, bad: BadRowPolicy, flags: BuildFlags) {
    this.#context = context
    this.#source = source
    this.#bad = bad
    this.#expectedRows = flags.expectedRows
    this.#live = flags.progress ? new LiveLines(context, 'writing') : undefined
  }

  /** Records the number of rows passed to the writer so far. */
  rowsPut(rows: number): void {
    this.#rows = rows
    if (this.#live?.isDue === true) this.#show()
  }

  update(progress: BuildProgress): void {
    this.#latest = progress
    this.#show()
  }

  /** Prints a line above the progress display. */
  print(text: string): void {
    this.#live?.clear()
    this.#context.writeErr(text)
  }

  end(): void {
    this.#live?.end()
  }

  #show(): void {
    this.#live?.show({
      phase: this.#latest?.phase ?? 'writing',
      lines: (columns) => progressBlock(this.#state(), columns, this.#context.paint),
      line: () => progressLine(this.#state()),
    })
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
      shardsResumed: latest?.shardsResumed ?? 0,
      retried: latest?.retriedShards.map(({ shard }) => shard) ?? [],
      badRows: this.#bad.count,
    }
  }
}
