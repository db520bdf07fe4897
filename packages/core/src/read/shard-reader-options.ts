import * as v from 'valibot'
import { engineEntries, type EngineOptions } from '../engine/engine-options.js'
import { integer, keyEncodingSchema, maxValueBytesSchema } from '../options/scalars.js'
import { cacheEntries, type CacheOption } from '../store/cache/cache-options.js'
import type { KeyEncoding } from '../types.js'

export interface ShardReaderOptions extends EngineOptions, CacheOption {
  /** URL of the shard's database. */
  url: string
  /** How keys are stored; `'u64be'` by default. */
  keyEncoding?: KeyEncoding | undefined
  /** Number of entries that `scanIter` fetches at a time; 1024 by default. */
  iteratorChunkSize?: number | undefined
  /** Maximum value to read, in bytes; 256 MiB by default (see `SnapshotReaderOptions`). */
  maxValueBytes?: number | undefined
  /** The writer's opaque id; accepted and ignored. */
  checkpointId?: string | undefined
}

export const shardReaderOptionsSchema = v.strictObject({
  url: v.string('must be a URL'),
  keyEncoding: keyEncodingSchema,
  iteratorChunkSize: v.optional(integer(1, 'entries'), 1024),
  maxValueBytes: maxValueBytesSchema,
  checkpointId: v.optional(v.string('must be a string')),
  ...cacheEntries,
  ...engineEntries,
})
