import type { UpdateProgress } from '@shardyfusion/core'
import type { BadRowPolicy } from '../input/bad-row.js'
import { clip } from '../output/table.js'
import { formatBytes, formatCount, formatMs } from '../output/units.js'
import type { Context } from '../session/context.js'
import { LiveLines } from '../terminal/live-lines.js'

/** Shows the progress of an update. */
export class UpdateView {
  readonly #context: Context
  readonly #bad: BadRowPolicy
  readonly #live: LiveLines | undefined
  readonly #startedAt = performance.now()
  #changes = 0
  #latest: UpdateProgress | undefined

  constructor(context: Context, bad: BadRowPolicy, progress: boolean) {
    this.#context = context
    this.#bad = bad
    this.#live = progress ? new LiveLines(context, 'reading') : undefined
  }

  /** Records the number of changes passed to the updater so far. */
  changesTaken(changes: number): void {
    this.#changes = changes
    if (this.#live?.isDue === true) this.#show()
  }

  update(progress: UpdateProgress): void {
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
      phase: this.#latest?.phase ?? 'reading',
      lines: (columns) => [clip(this.#line(), columns - 1)],
      line: () => this.#line(),
    })
  }

  #line(): string {
    const { phase = 'reading', bytes = 0, shards = 0, shardsMerged = 0 } = this.#latest ?? {}
    const { rows = 0, rowsBefore = 0, retries = 0 } = this.#latest ?? {}
    const changes = Math.max(this.#changes, this.#latest?.changes ?? 0)
    const taken = `${formatCount(changes)} changes`
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
    const bad = this.#bad.count === 0 ? '' : `${formatCount(this.#bad.count)} bad rows`
    const elapsed = formatMs(performance.now() - this.#startedAt)
    const label = phase === 'done' ? 'published' : phase
    return `${label}: ${[...facts, bad, elapsed].filter(Boolean).join(', ')}`
  }
}
