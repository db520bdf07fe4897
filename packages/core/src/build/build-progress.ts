/** Progress of a build. */
export interface BuildProgress {
  /** The part of the build that is running; `training` is that of centroids, by `writeVectors`. */
  readonly phase: 'training' | 'writing' | 'sealing' | 'publishing' | 'done'
  /** Rows that were taken so far; while centroids are trained, those of the sample. */
  readonly rows: number
  /** Bytes of keys and values taken. */
  readonly bytes: number
  /** Shards that have rows. */
  readonly shards: number
  /** Shards that are complete. */
  readonly shardsSealed: number
  /** Number of shards adopted from an earlier build, with `resume`. */
  readonly shardsResumed: number
  /** Number of attempts that followed failed ones, over all shards. */
  readonly retries: number
  /** The shards that needed more than one attempt so far, with their number of failures. */
  readonly retriedShards: readonly { readonly shard: number; readonly failedAttempts: number }[]
  /** Milliseconds since the build was opened. */
  readonly elapsedMs: number
  /** Rows per second since the start. */
  readonly rowsPerSecond: number
}

/** A problem that does not end a build. */
export interface BuildWarning {
  /** What happened, for people. */
  readonly message: string
  /** The thrown value, if there was one. */
  readonly error: unknown
}
