/** Progress of an update. */
export interface UpdateProgress {
  /** `reading` takes the changes, `merging` writes the shards that they touch. */
  readonly phase: 'reading' | 'merging' | 'publishing' | 'done'
  /** Changes that were taken so far. */
  readonly changes: number
  /** Bytes of their keys and values. */
  readonly bytes: number
  /** Number of shards with changes. */
  readonly shards: number
  /** Shards that are complete. */
  readonly shardsMerged: number
  /** Number of shards adopted from an earlier update, with `resume`. */
  readonly shardsResumed: number
  /** Rows of the new shards so far. */
  readonly rows: number
  /** Rows that the shards with changes had, as their manifest says. */
  readonly rowsBefore: number
  /** Number of attempts that followed failed ones, over all shards. */
  readonly retries: number
  /** Milliseconds since the start. */
  readonly elapsedMs: number
}

const REPORT_EVERY_MS = 200
/** Changes between two checks of the clock. */
const CHANGES_PER_LOOK = 1024

/** Counts the work of an update and reports it a few times a second. */
export class UpdateMeter {
  readonly #report: ((progress: UpdateProgress) => void) | undefined
  readonly #startedAt = performance.now()
  #lastReport = 0
  #phase: UpdateProgress['phase'] = 'reading'
  changes = 0
  bytes = 0
  shards = 0
  shardsMerged = 0
  shardsResumed = 0
  rows = 0
  rowsBefore = 0
  retries = 0

  constructor(report: ((progress: UpdateProgress) => void) | undefined) {
    this.#report = report
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  addChange(bytes: number): void {
    this.changes++
    this.bytes += bytes
    if (this.changes % CHANGES_PER_LOOK === 0) this.reportIfDue()
  }

  addRows(rows: number): void {
    this.rows += rows
    this.reportIfDue()
  }

  enter(phase: UpdateProgress['phase']): void {
    this.#phase = phase
    this.report()
  }

  /** Reports the end; a throwing callback must not undo a finished update. */
  finish(): void {
    try {
      this.enter('done')
    } catch {
      // See above.
    }
  }

  reportIfDue(): void {
    if (this.elapsedMs - this.#lastReport >= REPORT_EVERY_MS) this.report()
  }

  report(): void {
    if (this.#report === undefined) return
    const { changes, bytes, shards, shardsMerged, shardsResumed, rows, rowsBefore } = this
    const { retries, elapsedMs } = this
    this.#lastReport = elapsedMs
    this.#report({
      phase: this.#phase,
      changes,
      bytes,
      shards,
      shardsMerged,
      shardsResumed,
      rows,
      rowsBefore,
      retries,
      elapsedMs,
    })
  }
}
