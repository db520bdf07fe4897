import * as v from 'valibot'
import { engineEntries, type EngineOptions } from '../engine/engine-options.js'
import { integer, keyEncodingSchema, maxValueBytesSchema } from '../options/scalars.js'
import type { KeyEncoding } from '../types.js'

export interface ShardReaderOptions extends EngineOptions {
  /** Where the shard's database lies. */
  url: string
  /** How keys are stored; `'u64be'` by default. */
  keyEncoding?: KeyEncoding | undefined
  /** Entries fetched at a time by `scanIter`; 1024 by default. */
  iteratorChunkSize?: number | undefined
  /** Longest value that is read, in bytes; 256 MiB by default (see `SnapshotReaderOptions`). */
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
  ...engineEntries,
})
