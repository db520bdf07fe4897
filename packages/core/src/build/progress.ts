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
  /** Rows that wait for centroids, `undefined` if none are trained. */
  #sample: number | undefined
  readonly #failedAttempts = new Map<number, number>()

  constructor(report: ((progress: BuildProgress) => void) | undefined) {
    super(report, 'writing')
  }

  /** Reports, if it is due, that centroids are trained on this many rows; the next row ends that. */
  train(rows: number): void {
    const isFirst = this.#sample === undefined
    this.#sample = rows
    if (isFirst) this.enter('training')
    else this.reportIfDue()
  }

  addRow(bytes: number): void {
    if (this.#sample !== undefined) {
      this.#sample = undefined
      this.enter('writing')
    }
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
    const { bytes, shards, shardsSealed, shardsResumed } = this
    const rows = this.#sample ?? this.rows
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
