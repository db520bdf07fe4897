/** The state of a build, as its progress display shows it. */
export interface ProgressState {
  readonly phase: 'training' | 'writing' | 'sealing' | 'publishing' | 'done'
  readonly rows: number
  /** Bytes of keys and values. */
  readonly bytes: number
  /** Fraction of the input that has been read, 0 to 1; `undefined` if unknown. */
  readonly share: number | undefined
  readonly elapsedMs: number
  /** Shards with rows so far. */
  readonly shards: number
  readonly shardsSealed: number
  /** Finished shards reused from an earlier build that died. */
  readonly shardsResumed: number
  /** Ids of shards that were retried. */
  readonly retried: readonly number[]
  readonly badRows: number
}
