/** What a build shows of itself. */
export interface ProgressState {
  readonly phase: 'writing' | 'sealing' | 'publishing' | 'done'
  readonly rows: number
  /** Bytes of keys and values. */
  readonly bytes: number
  /** Share of the input that has been read, 0 to 1; `undefined` when nobody knows. */
  readonly share: number | undefined
  readonly elapsedMs: number
  /** Shards with rows so far. */
  readonly shards: number
  readonly shardsSealed: number
  /** Shards taken over from a build that died. */
  readonly shardsResumed: number
  /** Ids of shards that had to be written again. */
  readonly retried: readonly number[]
  readonly badRows: number
}
