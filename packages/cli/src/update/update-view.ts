import type { UpdateProgress } from '@shardyfusion/core'
import type { BadRowPolicy } from '../input/bad-row.js'
import { clip } from '../output/table.js'
import { formatBytes, formatCount, formatMs } from '../output/units.js'
import type { Context } from '../session/context.js'
import { ProgressView } from '../terminal/progress-view.js'

/** Shows the progress of an update. */
export class UpdateView extends ProgressView<UpdateProgress> {
  constructor(context: Context, bad: BadRowPolicy, isShown: boolean) {
    super(context, bad, 'reading', isShown)
  }

  protected override lines(columns: number): readonly string[] {
    return [clip(this.line(), columns - 1)]
  }

  protected override line(): string {
    const { phase, latest } = this
    const { bytes = 0, shards = 0, shardsMerged = 0 } = latest ?? {}
    const { rows = 0, rowsBefore = 0, retries = 0 } = latest ?? {}
    const taken = `${formatCount(Math.max(this.taken, latest?.changes ?? 0))} changes`
    const share =
      rowsBefore === 0 ? '' : `${Math.min(100, Math.floor((100 * rows) / rowsBefore))} %`
    const facts = {
      reading: [taken, bytes === 0 ? '' : formatBytes(bytes)],
      merging: [
        `${shardsMerged} of ${formatCount(shards)} shards`,
        share,
        `${formatCount(rows)} rows`,
        retries === 0 ? '' : `${retries} retries`,
      ],
      publishing: [taken, `${formatCount(shards)} shards`],
      done: [taken, `${formatCount(shards)} shards`, `${formatCount(rows)} rows`],
    }[phase]
    const bad = this.bad.count === 0 ? '' : `${formatCount(this.bad.count)} bad rows`
    const label = phase === 'done' ? 'published' : phase
    return `${label}: ${[...facts, bad, formatMs(this.elapsedMs)].filter(Boolean).join(', ')}`
  }
}
