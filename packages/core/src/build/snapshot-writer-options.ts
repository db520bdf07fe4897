import * as v from 'valibot'
import { engineEntries, type EngineOptions } from '../engine/engine-options.js'
import { functionSchema, integer, keyEncodingSchema, MIB, urlSchema } from '../options/scalars.js'
import { catalogEntries, type CatalogOption } from '../snapshot/catalog/catalog-option.js'
import { isWellFormed } from '../text/well-formed.js'
import type { KeyEncoding } from '../types.js'
import type { StandardSchema } from '../values/standard-schema.js'
import { valueEntries, type ValuesOption } from '../values/value-codec.js'
import type { BuildProgress, BuildWarning } from './build-progress.js'
import { type ShardingOption, shardingSchema } from './open/sharding-option.js'
import { batchEntries, type BatchOptions } from './rows/batch-options.js'
import { type RetryPolicy, retrySchema } from './shard/retry-policy.js'
import { type VectorOption, vectorSchema } from './vector-option.js'

export interface SnapshotWriterOptions extends EngineOptions, BatchOptions, CatalogOption {
  /** Prefix of the snapshots: `file:///…`, `s3://bucket/path` or `memory://name`. */
  prefix: string
  /** How rows are assigned to shards: a number of shards, a size, or a CEL expression. */
  sharding: ShardingOption
  /** How keys are stored; `'u64be'` by default. */
  keyEncoding?: KeyEncoding | undefined
  /** The form of values for `put`: bytes (default), text, anything JSON, or that of a codec. */
  values?: ValuesOption | undefined
  /**
   * Validates the values of `put`, which are stored as they were given: readers with the schema apply
   * its changes. See the option of readers.
   */
  schema?: StandardSchema | undefined
  /**
   * Stores a vector with each row that has one; readers then have `search`. The engine is `sqliteVec()`
   * of `@shardyfusion/vector` by default.
   */
  vector?: VectorOption | undefined
  /**
   * Maximum bytes in unwritten batches over all shards; above it the fullest batch is written. 64
   * MiB by default.
   */
  maxBufferedBytes?: number | undefined
  /** Target for the resident memory of all engines together, in bytes; 128 MiB by default. */
  memoryBytes?: number | undefined
  /**
   * Number of shards written at the same time; 4 by default, or twice the number of `workers` if
   * that is more.
   */
  concurrency?: number | undefined
  /**
   * Number of worker threads that write shards; `'auto'` for one per core. By default the calling
   * thread writes.
   *
   * With workers, the calling thread takes, routes and packs rows: `1` is one thread more than none.
   */
  workers?: number | 'auto' | undefined
  /**
   * URL of the file that workers run, for bundles: an entry that imports
   * `@shardyfusion/core/build-thread`.
   */
  workerUrl?: string | undefined
  /** Id of the run; 32 random hexadecimal digits by default. */
  runId?: string | undefined
  /**
   * Continues an earlier build of this `runId` from its sealed shards, with the same options and
   * input.
   */
  resume?: boolean | undefined
  /**
   * Writes failed shards again, from a copy of their rows on local disk; by default each shard has
   * one attempt.
   */
  retry?: RetryPolicy | undefined
  /**
   * Folder for rows on local disk: those that exceed `memoryBytes`, and those of `retry`; that for
   * temporary files by default.
   */
  spoolDirectory?: string | undefined
  /** Your own fields in the manifest. */
  custom?: Record<string, unknown> | undefined
  /** Name of the key column, for information; `_key` by default. */
  keyColumn?: string | undefined
  /** Receives the progress of the build, a few times a second and at every change of phase. */
  onProgress?: ((progress: BuildProgress) => void) | undefined
  /**
   * Receives problems that do not end the build, such as a failed attempt that another one follows.
   */
  onWarning?: ((warning: BuildWarning) => void) | undefined
}

export const snapshotWriterOptionsSchema = v.strictObject({
  prefix: v.string('must be a URL'),
  sharding: shardingSchema,
  keyEncoding: keyEncodingSchema,
  ...valueEntries,
  vector: vectorSchema,
  maxBufferedBytes: v.optional(integer(1, 'bytes'), 64 * MIB),
  memoryBytes: v.optional(integer(MIB, 'bytes'), 128 * MIB),
  concurrency: v.optional(integer(1, 'shards')),
  workers: v.optional(
    v.union(
      [v.literal('auto'), integer(1, 'threads', 256)],
      "must be a whole number of 1 or more (threads), or 'auto'",
    ),
  ),
  workerUrl: v.optional(urlSchema),
  runId: v.optional(v.string('must be a string')),
  resume: v.optional(v.boolean('must be true or false'), false),
  retry: v.optional(retrySchema),
  spoolDirectory: v.optional(v.string('must be the path of a folder')),
  custom: v.optional(v.record(v.string(), v.unknown(), 'must be an object'), {}),
  keyColumn: v.optional(
    v.pipe(v.string('must be a string'), v.check(isWellFormed, 'must be well-formed text')),
    '_key',
  ),
  onProgress: v.optional(functionSchema<(progress: BuildProgress) => void>()),
  onWarning: v.optional(functionSchema<(warning: BuildWarning) => void>()),
  ...batchEntries,
  ...catalogEntries,
  ...engineEntries,
})
