import * as v from 'valibot'
import { functionSchema } from '../options/scalars.js'
import {
  type SnapshotWriterOptions,
  snapshotWriterOptionsSchema,
} from '../build/snapshot-writer-options.js'
import type { UpdateProgress } from './update-progress.js'

/** Options of a `SnapshotUpdater`. */
export interface SnapshotUpdaterOptions extends Omit<
  SnapshotWriterOptions,
  | 'sharding'
  | 'keyEncoding'
  | 'keyColumn'
  | 'vector'
  | 'onProgress'
  | 'maxBatchEntries'
  | 'maxBatchBytes'
> {
  /**
   * The run id, or the URL of the manifest, that must be current, at the start and at the publication.
   * Without it, the update starts from whichever snapshot is current; if another one is published
   * in between, it fails in any case.
   */
  expectedCurrent?: string | undefined
  /**
   * `'rebase'` for a snapshot that was copied to `prefix`: its original URLs are mapped to `prefix`,
   * and the new manifest names the mapped ones.
   */
  shardUrls?: 'below' | 'rebase' | undefined
  /** Maximum bytes of changes in memory; more wait on local disk. 64 MiB by default. */
  maxBufferedBytes?: number | undefined
  /**
   * Number of shards merged at the same time; 4 by default, or twice the number of `workers` if that is
   * more. If rows are merged one by one, fewer, at least 2, if `memoryBytes` holds no more.
   */
  concurrency?: number | undefined
  /** Your own fields in the manifest; those of the current snapshot stay unless you name them. */
  custom?: Record<string, unknown> | undefined
  /** Receives the progress of the update, a few times a second and at every change of phase. */
  onProgress?: ((progress: UpdateProgress) => void) | undefined
}

const {
  sharding: _sharding,
  keyEncoding: _keyEncoding,
  keyColumn: _keyColumn,
  vector: _vector,
  maxBatchEntries: _maxBatchEntries,
  maxBatchBytes: _maxBatchBytes,
  ...inherited
} = snapshotWriterOptionsSchema.entries

export const updaterOptionsSchema = v.strictObject({
  ...inherited,
  expectedCurrent: v.optional(
    v.pipe(v.string('must be a run id or the URL of a manifest'), v.nonEmpty('must not be empty')),
  ),
  shardUrls: v.optional(v.picklist(['below', 'rebase'], 'must be below or rebase'), 'below'),
  onProgress: v.optional(functionSchema<(progress: UpdateProgress) => void>()),
})

export type ParsedUpdaterOptions = v.InferOutput<typeof updaterOptionsSchema>
