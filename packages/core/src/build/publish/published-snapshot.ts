import type { ManifestShard } from '../../snapshot/manifest/manifest.js'

/** The result of a finished build. */
export interface PublishedSnapshot {
  /** Id of the run that was published. */
  readonly runId: string
  /** URL of the table. */
  readonly prefix: string
  /** URL of the manifest that `_CURRENT` now names. */
  readonly manifestRef: string
  /** One entry per shard, including empty ones. */
  readonly shards: readonly ManifestShard[]
  /** Rows written; an overwritten key counts once for each write. */
  readonly rowCount: number
  /** Bytes in storage over all shards; 0 if the engine does not know. */
  readonly bytes: number
  /** Number of attempts at shards, including failed ones. */
  readonly attempts: number
  /** Number of attempts that lost and were removed. */
  readonly losersRemoved: number
  /** Number of shards adopted from an earlier build, with `resume`. */
  readonly shardsResumed: number
  /** URL of the record of this run; `undefined` if it could not be written. */
  readonly runRecordRef: string | undefined
  /** Milliseconds, rounded. */
  readonly durations: {
    readonly writeMs: number
    readonly sealMs: number
    readonly publishMs: number
    readonly totalMs: number
  }
}
