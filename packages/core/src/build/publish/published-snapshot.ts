import type { ManifestShard } from '../../snapshot/manifest/manifest.js'

/** The result of a finished build. */
export interface PublishedSnapshot {
  readonly runId: string
  readonly prefix: string
  /** URL of the manifest `_CURRENT` names now. */
  readonly manifestRef: string
  /** One entry per shard, empty shards included. */
  readonly shards: readonly ManifestShard[]
  /** Rows written, counting a key again each time it was overwritten. */
  readonly rowCount: number
  /** Bytes in storage over all shards; 0 when unknown. */
  readonly bytes: number
  /** Attempts made at shards, those that failed included. */
  readonly attempts: number
  /** Attempts that did not win and were removed. */
  readonly losersRemoved: number
  /** Shards taken over from an earlier build, with `resume`. */
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
