import * as v from 'valibot'
import { integer, MIB, positive, valueEncodingSchema } from '../options/scalars.js'
import type { ValueEncoding } from '../types.js'
import { sessionEntries, type SessionOptions } from './session/session-options.js'

export interface SnapshotReaderOptions extends SessionOptions {
  /** Keys of scans as stored bytes (default), or decoded to bigint or string. */
  keys?: 'bytes' | 'decoded' | undefined
  /** What values are given as: bytes (default), text, or parsed JSON. */
  valueEncoding?: ValueEncoding | undefined
  /**
   * Bytes of looked-up values, and of keys found not to be there, that are kept for the next lookup; 16 MiB by
   * default, 0 for none. They belong to one snapshot, so none is ever stale.
   */
  valueCacheBytes?: number | undefined
  /** Shards worked on at a time by `getMany` and `scanIter`; 32 by default. */
  concurrency?: number | undefined
  /** Entries fetched at a time by `scanIter`; 1024 by default. */
  iteratorChunkSize?: number | undefined
  /** Keys looked up a second at most, by `get` and `getMany`; unlimited by default. Scans do not count. */
  rateLimit?: ReadRateLimit | undefined
}

export interface ReadRateLimit {
  keysPerSecond: number
}

export const snapshotReaderOptionsSchema = v.strictObject({
  keys: v.optional(v.picklist(['bytes', 'decoded'], 'must be bytes or decoded'), 'bytes'),
  valueEncoding: valueEncodingSchema,
  valueCacheBytes: v.optional(integer(0, 'bytes'), 16 * MIB),
  concurrency: v.optional(integer(1, 'shards'), 32),
  iteratorChunkSize: v.optional(integer(1, 'entries'), 1024),
  rateLimit: v.optional(v.strictObject({ keysPerSecond: positive('keys per second') })),
  ...sessionEntries,
})
