import type { BuildProgress } from './build-progress.js'

const REPORT_EVERY_MS = 200
// Rows between two checks of the clock.
const ROWS_PER_LOOK = 1024

/** Counts the work of a build and reports it a few times a second. */
export class ProgressMeter {
  readonly #report: ((progress: BuildProgress) => void) | undefined
  readonly #startedAt = performance.now()
  #lastReport = 0
  #phase: BuildProgress['phase'] = 'writing'
  rows = 0
  bytes = 0
  shards = 0
  shardsSealed = 0
  shardsResumed = 0
  readonly #failedAttempts = new Map<number, number>()

  constructor(report: ((progress: BuildProgress) => void) | undefined) {
    this.#report = report
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  addRow(bytes: number): void {
    this.rows++
    this.bytes += bytes
    if (this.rows % ROWS_PER_LOOK === 0 && this.elapsedMs - this.#lastReport >= REPORT_EVERY_MS)
      this.report()
  }

  /** Records that an attempt at the shard has failed and another follows. */
  addRetry(shard: number): void {
    this.#failedAttempts.set(shard, (this.#failedAttempts.get(shard) ?? 0) + 1)
    this.report()
  }

  enter(phase: BuildProgress['phase']): void {
    this.#phase = phase
    this.report()
  }

  /** Reports the end; a throwing callback must not undo a finished build. */
  finish(): void {
    try {
      this.enter('done')
    } catch {
      // See above.
    }
  }

  report(): void {
    if (this.#report === undefined) return
    const { rows, bytes, shards, shardsSealed, shardsResumed, elapsedMs } = this
    const retriedShards = [...this.#failedAttempts].map(([shard, failedAttempts]) => ({
      shard,
      failedAttempts,
    }))
    this.#lastReport = elapsedMs
    const rowsPerSecond = elapsedMs === 0 ? 0 : Math.round((rows * 1000) / elapsedMs)
    this.#report({
      phase: this.#phase,
      rows,
      bytes,
      shards,
      shardsSealed,
      shardsResumed,
      retries: retriedShards.reduce((sum, { failedAttempts }) => sum + failedAttempts, 0),
      retriedShards,
      elapsedMs,
      rowsPerSecond,
    })
  }
}
