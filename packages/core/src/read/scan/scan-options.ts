import * as v from 'valibot'
import { signalSchema } from '../../options/call-options.js'
import { integer } from '../../options/scalars.js'

/** Options of a scan of one shard. */
export interface ScanOptions {
  /** Number of entries fetched at a time; by default the reader's `iteratorChunkSize`. */
  chunkSize?: number | undefined
  /** Maximum number of entries. */
  limit?: number | undefined
  /** Descending key order. */
  reverse?: boolean | undefined
  /** Ends the call with the reason of the signal. */
  signal?: AbortSignal | undefined
}

/** Options of a scan of a snapshot. */
export interface SnapshotScanOptions extends ScanOptions {
  /** Merges all shards in key order (default); false streams shard after shard, which is faster. */
  ordered?: boolean | undefined
}

const scanEntries = {
  chunkSize: v.optional(integer(1, 'entries')),
  limit: v.optional(integer(0, 'entries')),
  reverse: v.optional(v.boolean('must be true or false'), false),
  signal: v.optional(signalSchema),
}

export const scanOptionsSchema = v.strictObject(scanEntries)

export const snapshotScanOptionsSchema = v.strictObject({
  ...scanEntries,
  ordered: v.optional(v.boolean('must be true or false'), true),
})
