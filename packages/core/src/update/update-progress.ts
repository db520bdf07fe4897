import { ProgressReporter } from '../build/progress-reporter.js'

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

/** Changes between two checks of the clock. */
const CHANGES_PER_LOOK = 1024

/** Counts the work of an update and reports it a few times a second. */
export class UpdateMeter extends ProgressReporter<UpdateProgress> {
  changes = 0
  bytes = 0
  shards = 0
  shardsMerged = 0
  shardsResumed = 0
  rows = 0
  rowsBefore = 0
  retries = 0

  constructor(report: ((progress: UpdateProgress) => void) | undefined) {
    super(report, 'reading')
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

  protected override progressAt(phase: UpdateProgress['phase'], elapsedMs: number): UpdateProgress {
    const { changes, bytes, shards, shardsMerged, shardsResumed, rows, rowsBefore } = this
    const { retries } = this
    return {
      phase,
      changes,
      bytes,
      shards,
      shardsMerged,
      shardsResumed,
      rows,
      rowsBefore,
      retries,
      elapsedMs,
    }
  }
}
