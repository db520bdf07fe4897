import type { SnapshotInfo } from '@shardyfusion/core'
import type { VectorFacts } from '../session/vector-facts.js'

/** One shard of the snapshot the report is about. */
export interface ReportShard {
  readonly id: number
  /** The value of the CEL expression whose rows the shard has; `undefined` without one for each shard. */
  readonly value: string | undefined
  readonly rows: number
  /** Size in storage; 0 if unknown. */
  readonly bytes: number
  readonly minKey: bigint | string | undefined
  readonly maxKey: bigint | string | undefined
  /** Time from the first row to the sealed shard; 0 if unknown. */
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
  /** `undefined` if the manifest cannot be read. */
  readonly rows: number | undefined
  readonly bytes: number | undefined
  readonly shards: number | undefined
  /** Time from the start of the run to its publication; `undefined` without a run record. */
  readonly buildMs: number | undefined
}

export interface ReportData {
  readonly title: string
  readonly prefix: string
  /** Milliseconds since 1970. */
  readonly madeAt: number
  readonly version: string
  readonly info: SnapshotInfo
  /** `undefined` if the snapshot has none. */
  readonly vectors: VectorFacts | undefined
  readonly shards: readonly ReportShard[]
  /** Oldest first. */
  readonly runs: readonly ReportRun[]
}
