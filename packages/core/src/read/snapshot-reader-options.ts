import * as v from 'valibot'
import { integer, keyEncodingSchema, MIB, positive } from '../options/scalars.js'
import type { KeyEncoding } from '../types.js'
import type { StandardSchema } from '../values/standard-schema.js'
import { valueEntries, type ValuesOption } from '../values/value-codec.js'
import { sessionEntries, type SessionOptions } from './session/session-options.js'

export interface SnapshotReaderOptions extends SessionOptions {
  /** The form of scanned keys: stored bytes (default), or decoded to bigint or string. */
  keys?: 'bytes' | 'decoded' | undefined
  /**
   * The key encoding that the snapshot must have; any by default. It types keys: `'u64be'` takes integers
   * alone.
   */
  keyEncoding?: KeyEncoding | undefined
  /** The form of values: bytes (default), text, parsed JSON, or that of a codec. */
  values?: ValuesOption | undefined
  /**
   * Validates decoded values, and may change them: a schema of valibot, zod, arktype or another
   * library of [Standard Schema](https://standardschema.dev). It must not be asynchronous.
   */
  schema?: StandardSchema | undefined
  /**
   * Bytes of the cache of fetched values and of missing keys; 16 MiB by default, 0 for none. Values
   * in the memory of the engine are not cached twice. Each snapshot has a separate cache, so entries
   * are never stale.
   */
  valueCacheBytes?: number | undefined
  /** Number of shards that `getMany` and `scanIter` read at a time; 32 by default. */
  concurrency?: number | undefined
  /** Number of entries that `scanIter` fetches at a time; 1024 by default. */
  iteratorChunkSize?: number | undefined
  /**
   * Maximum keys looked up per second by `get` and `getMany`; unlimited by default. Scans do not
   * count.
   */
  rateLimit?: ReadRateLimit | undefined
}

/** A limit on lookups. */
export interface ReadRateLimit {
  /** Keys a second, at most. */
  keysPerSecond: number
}

export const snapshotReaderOptionsSchema = v.strictObject({
  keys: v.optional(v.picklist(['bytes', 'decoded'], 'must be bytes or decoded'), 'bytes'),
  keyEncoding: v.optional(keyEncodingSchema.wrapped),
  ...valueEntries,
  valueCacheBytes: v.optional(integer(0, 'bytes'), 16 * MIB),
  concurrency: v.optional(integer(1, 'shards'), 32),
  iteratorChunkSize: v.optional(integer(1, 'entries'), 1024),
  rateLimit: v.optional(v.strictObject({ keysPerSecond: positive('keys per second') })),
  ...sessionEntries,
})
