import type { ManifestShard } from '../snapshot/manifest/manifest.js'

/** The shards that an update would write, and the changes of each. */
export interface UpdatePlan {
  /** URL of the table. */
  readonly prefix: string
  /** The run that is current, and its manifest. */
  readonly baseRunId: string
  /** The manifest that the update starts from. */
  readonly baseManifestRef: string
  /** Number of shards of the snapshot. */
  readonly shards: number
  /** Shards with changes, in order of id. */
  readonly changed: readonly PlannedShard[]
  /** Number of changes; of one key, each counts. */
  readonly changes: number
  /** Rows and bytes of the shards with changes, as they are now. */
  readonly rowsBefore: number
  /** Bytes of the snapshot before. */
  readonly bytesBefore: number
}

/** The part of an update in one shard. */
export interface PlannedShard {
  /** Number of the shard. */
  readonly id: number
  /** Rows and bytes now. */
  readonly rowCount: number
  /** Bytes of the shard before. */
  readonly bytes: number
  /** Keys that are put. */
  readonly puts: number
  /** Keys that are deleted. */
  readonly deletes: number
}

/** The result of a finished update. */
export interface UpdatedSnapshot {
  /** Id of the run. */
  readonly runId: string
  /** URL of the table. */
  readonly prefix: string
  /** URL of the manifest that `_CURRENT` now names. */
  readonly manifestRef: string
  /** The run that was current before; with `resume` of a published run, that run itself. */
  readonly baseRunId: string
  /** One entry per shard, including empty ones. */
  readonly shards: readonly ManifestShard[]
  /** Rows of all shards together. */
  readonly rowCount: number
  /** Bytes in storage over all shards; 0 if the engine does not know. */
  readonly bytes: number
  /** Number of changes taken; of one key, each counts. */
  readonly changes: number
  /** Effects of the changes on the shards that this call has merged. */
  readonly rows: {
    readonly inserted: number
    /** Puts of another value than before. */
    readonly replaced: number
    readonly deleted: number
  }
  /** Number of shards that this run has written, or emptied. */
  readonly shardsWritten: number
  /** Number of shards taken over from earlier runs, and of shards that stay empty. */
  readonly shardsKept: number
  /** Number of shards adopted from an earlier update, with `resume`. */
  readonly shardsResumed: number
  /** Number of attempts at shards, including failed ones. */
  readonly attempts: number
  /** URL of the record of this run; `undefined` if it could not be written. */
  readonly runRecordRef: string | undefined
  /** Milliseconds, rounded. */
  readonly durations: {
    readonly readMs: number
    readonly mergeMs: number
    readonly publishMs: number
    readonly totalMs: number
  }
}
