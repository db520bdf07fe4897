import { tryParseTimestamp } from '../../text/timestamps.js'

/** The status of a run in its record (wire-format §8). */
export type RunStatus = 'running' | 'succeeded' | 'failed'

/**
 * One run of a writer: the writer, the run, its start and its outcome.
 *
 * Shape: timestamps are text as stored; `parseTimestamp` reads them. Source: wire-format §8.
 */
export interface RunRecord {
  /** Version of the form of records. */
  readonly formatVersion: number
  /** Id of the run. */
  readonly runId: string
  /** The program that wrote it: `typescript` here; `python`, `spark`, … in the Python project. */
  readonly writerType: string
  /** State of the run. */
  readonly status: RunStatus
  /** Time of the start, ISO 8601. */
  readonly startedAt: string
  /** Time of the last change, ISO 8601. */
  readonly updatedAt: string
  /** Time until which a `running` run counts as alive, unless a heartbeat renews it. */
  readonly leaseExpiresAt: string
  /** URL of the table. */
  readonly prefix: string
  /** Folder of all shards, below the prefix. */
  readonly shardPrefix: string
  /** Template of the folder of a shard. */
  readonly dbPathTemplate: string
  /** Set once the run has published. */
  readonly manifestRef: string | undefined
  /** Class or code of the failure, and its message. */
  readonly errorType: string | undefined
  /** Why the run failed. */
  readonly errorMessage: string | undefined
}

export const RUN_RECORD_FORMAT_VERSION = 1

/** Returns true if the record is of a running run whose lease ends after `micros`. */
export function isLive(record: RunRecord, micros: bigint): boolean {
  if (record.status !== 'running') return false
  const expires = tryParseTimestamp(record.leaseExpiresAt)
  return expires === undefined || expires > micros
}
