import { tryParseTimestamp } from '../../text/timestamps.js'

/** What a run record says of its run (wire-format §8). */
export type RunStatus = 'running' | 'succeeded' | 'failed'

/**
 * One run of a writer: who is building what, since when, and how it ended.
 *
 * Shape: timestamps are text as stored; `parseTimestamp` reads them.
 * Source: wire-format §8.
 */
export interface RunRecord {
  readonly formatVersion: number
  readonly runId: string
  /** Which program wrote it: `typescript` here, `python`, `spark`, … there. */
  readonly writerType: string
  readonly status: RunStatus
  readonly startedAt: string
  readonly updatedAt: string
  /** Until when a `running` run counts as alive, unless a heartbeat renews it. */
  readonly leaseExpiresAt: string
  readonly prefix: string
  readonly shardPrefix: string
  readonly dbPathTemplate: string
  /** Set once the run has published. */
  readonly manifestRef: string | undefined
  /** Class or code of the failure, and what it said. */
  readonly errorType: string | undefined
  readonly errorMessage: string | undefined
}

export const RUN_RECORD_FORMAT_VERSION = 1

/** True while the record claims that its run is under way, with a lease that ends after `micros`. */
export function isLive(record: RunRecord, micros: bigint): boolean {
  if (record.status !== 'running') return false
  const expires = tryParseTimestamp(record.leaseExpiresAt)
  return expires === undefined || expires > micros
}
