import * as v from 'valibot'
import { engineEntries, type EngineOptions } from '../engine/engine-options.js'
import { integer, keyEncodingSchema, MIB } from '../options/scalars.js'
import type { KeyEncoding } from '../types.js'
import { batchEntries, type BatchOptions } from './rows/batch-options.js'

export interface ShardWriterOptions extends EngineOptions, BatchOptions {
  /** URL of the shard's database: `file:///…`, `s3://bucket/…` or `memory://name/…`. */
  url: string
  /** How keys are stored; `'u64be'` by default. */
  keyEncoding?: KeyEncoding | undefined
  /** Target for the engine's resident memory while writing, in bytes; 64 MiB by default. */
  memoryBytes?: number | undefined
}

export const shardWriterOptionsSchema = v.strictObject({
  url: v.string('must be a URL'),
  keyEncoding: keyEncodingSchema,
  memoryBytes: v.optional(integer(MIB, 'bytes'), 64 * MIB),
  ...batchEntries,
  ...engineEntries,
})
