import * as v from 'valibot'
import { engineEntries, type EngineOptions } from '../../engine/engine-options.js'
import { integer, maxValueBytesSchema } from '../../options/scalars.js'
import { catalogEntries, type CatalogOption } from '../../snapshot/catalog/catalog-option.js'

/** Options of everything that keeps a snapshot open. */
export interface SessionOptions extends EngineOptions, CatalogOption {
  /** Where the snapshot lineage lies; `https://…` too (see `HttpStore`). */
  prefix: string
  /** Opens the snapshot this run published, and stays on it, instead of the one `_CURRENT` names. */
  runId?: string | undefined
  /** The same by the URL of its manifest, as `listSnapshots` gives it. */
  manifestRef?: string | undefined
  /** Shards held open at a time, least recently used closed first; 256 by default, 16 with the native engine. */
  maxOpenShards?: number | undefined
  /**
   * Longest value that is read, in bytes; 256 MiB by default. A longer one is SHARD_INVALID_VALUE. The WebAssembly engine
   * unpacks no compressed block to more than this and 256 KiB, whatever the block announces.
   */
  maxValueBytes?: number | undefined
  /** Older manifests tried when the current one is malformed at `open`; 3 by default, 0 for none. */
  maxFallbackAttempts?: number | undefined
  /**
   * Where shards may lie: only below `prefix` (default), or wherever the manifest says; `'rebase'` for a snapshot
   * that was copied to `prefix` or is served there: URLs below where it was written are taken to be below `prefix`.
   */
  shardUrls?: ShardUrls | undefined
}

export type ShardUrls = 'below' | 'any' | 'rebase'

export const sessionEntries = {
  prefix: v.string('must be a URL'),
  runId: v.optional(v.string('must be a string')),
  manifestRef: v.optional(v.string('must be the URL of a manifest')),
  maxOpenShards: v.optional(integer(1, 'shards')),
  maxFallbackAttempts: v.optional(integer(0, 'manifests'), 3),
  maxValueBytes: maxValueBytesSchema,
  shardUrls: v.optional(
    v.picklist(['below', 'any', 'rebase'], 'must be below, any or rebase'),
    'below',
  ),
  ...catalogEntries,
  ...engineEntries,
}

export const sessionOptionsSchema = v.strictObject(sessionEntries)
