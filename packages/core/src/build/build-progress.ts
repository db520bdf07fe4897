/** Progress of a build. */
export interface BuildProgress {
  readonly phase: 'writing' | 'sealing' | 'publishing' | 'done'
  readonly rows: number
  /** Bytes of keys and values taken. */
  readonly bytes: number
  readonly shards: number
  readonly shardsSealed: number
  /** Number of shards adopted from an earlier build, with `resume`. */
  readonly shardsResumed: number
  /** Number of attempts that followed failed ones, over all shards. */
  readonly retries: number
  /** The shards that needed more than one attempt so far, with their number of failures. */
  readonly retriedShards: readonly { readonly shard: number; readonly failedAttempts: number }[]
  readonly elapsedMs: number
  /** Rows per second since the start. */
  readonly rowsPerSecond: number
}

export interface BuildWarning {
  readonly message: string
  /** The thrown value, if there was one. */
  readonly error: unknown
}
