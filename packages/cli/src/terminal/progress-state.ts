/** What a build shows of itself. */
export interface ProgressState {
  readonly phase: 'writing' | 'sealing' | 'publishing' | 'done'
  readonly rows: number
  /** Bytes of keys and values. */
  readonly bytes: number
  /** Share of the input that has been read, 0 to 1; `undefined` when nobody knows. */
  readonly share: number | undefined
  readonly elapsedMs: number
  readonly shards: number
  readonly shardsSealed: number
  /** Shards that are written again after a failure. */
  readonly shardsRetried: number
  readonly badRows: number
}
