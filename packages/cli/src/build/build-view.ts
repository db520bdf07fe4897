import type { BuildProgress } from '@shardyfusion/core'
import type { BadRowPolicy } from '../input/bad-row.js'
import type { RowSource } from '../input/row-source.js'
import type { Context } from '../session/context.js'
import { ProgressView } from '../terminal/progress-view.js'
import type { BuildFlags } from './build-flags.js'
import type { ProgressState } from './progress-state.js'
import { progressBlock, progressLine } from './progress-text.js'

/** Shows the progress of a build. */
export class BuildView extends ProgressView<BuildProgress> {
  readonly #source: RowSource
  readonly #expectedRows: number | undefined

  constructor(context: Context, source: RowSource, bad: BadRowPolicy, flags: BuildFlags) {
    super(context, bad, 'writing', flags.progress)
    this.#source = source
    this.#expectedRows = flags.expectedRows
  }

  protected override lines(columns: number): readonly string[] {
    return progressBlock(this.#state(), columns, this.context.paint)
  }

  protected override line(): string {
    return progressLine(this.#state())
  }

  #state(): ProgressState {
    const { latest, phase, taken } = this
    const share = this.#source.progress
    const expected = this.#expectedRows
    return {
      phase,
      rows: phase === 'writing' ? Math.max(taken, latest?.rows ?? 0) : (latest?.rows ?? 0),
      bytes: latest?.bytes ?? 0,
      share: share ?? (expected ? Math.min(1, taken / expected) : undefined),
      elapsedMs: this.elapsedMs,
      shards: latest?.shards ?? 0,
      shardsSealed: latest?.shardsSealed ?? 0,
      shardsResumed: latest?.shardsResumed ?? 0,
      retried: latest?.retriedShards.map(({ shard }) => shard) ?? [],
      badRows: this.bad.count,
    }
  }
}
