import type { ShardAttemptResult } from './shard-attempt-result.js'

/**
 * Takes the entries of one shard of a snapshot, in order, and sees to it that they are written.
 *
 * What routes rows knows lanes alone: a lane may write in this thread, in another one, or not at all.
 */
export interface ShardLane {
  readonly shard: number
  /** Bytes taken that no batch holds yet. */
  readonly bufferedBytes: number
  /** URLs this lane may have written to so far. */
  readonly attemptUrls: readonly string[]
  /** The one of them that is sealed, once it is: another build may take it over from then on. */
  readonly sealedUrl: string | undefined
  /** Takes one entry; the promise, if any, must be awaited before the next one. */
  push(key: Uint8Array, value: Uint8Array): Promise<void> | undefined
  /** Sends what is buffered on its way; the promise, if any, means that the lane is behind. */
  flushBuffer(): Promise<void> | undefined
  /** Writes the rest and seals the shard; called again, it gives the same result. */
  seal(): Promise<ShardAttemptResult>
  /** Releases everything, sealed or not; idempotent. */
  close(): Promise<void>
}
