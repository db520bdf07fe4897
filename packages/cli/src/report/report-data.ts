import type { SnapshotInfo } from '@shardyfusion/core'

/** One shard of the snapshot the report is about. */
export interface ReportShard {
  readonly id: number
  readonly rows: number
  /** In storage; 0 when the writer did not know. */
  readonly bytes: number
  readonly minKey: bigint | string | undefined
  readonly maxKey: bigint | string | undefined
  /** From the first row to the sealed shard; 0 when unknown. */
  readonly durationMs: number
  readonly attempt: number
  readonly isEmpty: boolean
}

/** One publication of the history. */
export interface ReportRun {
  readonly runId: string
  /** Milliseconds since 1970. */
  readonly publishedAt: number
  readonly isCurrent: boolean
  /** The run the report is about. */
  readonly isShown: boolean
  /** `undefined` where its manifest cannot be read any more. */
  readonly rows: number | undefined
  readonly bytes: number | undefined
  readonly shards: number | undefined
  /** From the start of the run to its publication; `undefined` without a record of it. */
  readonly buildMs: number | undefined
}

export interface ReportData {
  readonly title: string
  readonly prefix: string
  /** Milliseconds since 1970. */
  readonly madeAt: number
  readonly version: string
  readonly info: SnapshotInfo
  readonly shards: readonly ReportShard[]
  /** Oldest first. */
  readonly runs: readonly ReportRun[]
}
