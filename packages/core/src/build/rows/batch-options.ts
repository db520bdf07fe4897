import * as v from 'valibot'
import { integer, positive } from '../../options/scalars.js'

/** How writers batch. */
export interface BatchOptions {
  /** Entries per batch of one shard; 10,000 by default. */
  maxBatchEntries?: number | undefined
  /** Bytes per batch of one shard, keys and values; 128 KiB by default: an engine may hold on to whole batches. */
  maxBatchBytes?: number | undefined
  /** Rows and bytes a second at most; unlimited by default. */
  rateLimit?: WriteRateLimit | undefined
}

/** Bounds on what writers hand to their engines, over all shards of a build; batches go whole, at the average rate. */
export interface WriteRateLimit {
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
