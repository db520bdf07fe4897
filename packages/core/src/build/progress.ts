import type { BuildProgress } from './build-progress.js'
import { ProgressReporter } from './progress-reporter.js'

// Rows between two checks of the clock.
const ROWS_PER_LOOK = 1024

/** Counts the work of a build and reports it a few times a second. */
export class ProgressMeter extends ProgressReporter<BuildProgress> {
  rows = 0
  bytes = 0
  shards = 0
  shardsSealed = 0
  shardsResumed = 0
  readonly #failedAttempts = new Map<number, number>()

  constructor(report: ((progress: BuildProgress) => void) | undefined) {
    super(report, 'writing')
  }

  addRow(bytes: number): void {
    this.rows++
    this.bytes += bytes
    if (this.rows % ROWS_PER_LOOK === 0) this.reportIfDue()
  }

  /** Records that an attempt at the shard has failed and another follows. */
  addRetry(shard: number): void {
    this.#failedAttempts.set(shard, (this.#failedAttempts.get(shard) ?? 0) + 1)
    this.report()
  }

  protected override progressAt(phase: BuildProgress['phase'], elapsedMs: number): BuildProgress {
    const { rows, bytes, shards, shardsSealed, shardsResumed } = this
    const retriedShards = [...this.#failedAttempts].map(([shard, failedAttempts]) => ({
      shard,
      failedAttempts,
    }))
    const rowsPerSecond = elapsedMs === 0 ? 0 : Math.round((rows * 1000) / elapsedMs)
    return {
      phase,
      rows,
      bytes,
      shards,
      shardsSealed,
      shardsResumed,
      retries: retriedShards.reduce((sum, { failedAttempts }) => sum + failedAttempts, 0),
      retriedShards,
      elapsedMs,
      rowsPerSecond,
    }
  }
}
