import * as v from 'valibot'
import { integer, positive } from '../../options/scalars.js'

/** Options for the batches of writers. */
export interface BatchOptions {
  /** Entries per batch of one shard; 10,000 by default. */
  maxBatchEntries?: number | undefined
  /**
   * Bytes of keys and values per batch of one shard; 128 KiB by default. An engine may retain whole
   * batches.
   */
  maxBatchBytes?: number | undefined
  /** Maximum rows and bytes per second; unlimited by default. */
  rateLimit?: WriteRateLimit | undefined
}

/**
 * Rate limits for writing to engines, over all shards of a build. Whole batches are written, at the
 * average rate.
 */
export interface WriteRateLimit {
  /** Rows a second, at most. */
  rowsPerSecond?: number | undefined
  /** Bytes of keys and values. */
  bytesPerSecond?: number | undefined
}

export const batchEntries = {
  maxBatchEntries: v.optional(integer(1, 'entries'), 10_000),
  maxBatchBytes: v.optional(integer(1, 'bytes'), 128 * 1024),
  rateLimit: v.optional(
    v.strictObject({
      rowsPerSecond: v.optional(positive('rows per second')),
      bytesPerSecond: v.optional(positive('bytes per second')),
    }),
  ),
}
