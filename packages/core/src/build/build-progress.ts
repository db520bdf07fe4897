/** How far a build has come. */
export interface BuildProgress {
  readonly phase: 'writing' | 'sealing' | 'publishing' | 'done'
  readonly rows: number
  /** Bytes of keys and values taken. */
  readonly bytes: number
  readonly shards: number
  readonly shardsSealed: number
  /** Shards taken over from an earlier build, with `resume`. */
  readonly shardsResumed: number
  /** Attempts begun after others had failed, over all shards. */
  readonly retries: number
  /** The shards that needed more than one attempt so far, and how many have failed. */
  readonly retriedShards: readonly { readonly shard: number; readonly failedAttempts: number }[]
  readonly elapsedMs: number
  /** Rows per second since the start. */
  readonly rowsPerSecond: number
}

export interface BuildWarning {
  readonly message: string
  /** The error, if there was one. */
  readonly error: unknown
}
