import * as v from 'valibot'
import { type AutoRefresh, autoRefreshSchema } from './auto-refresh.js'
import { engineEntries, type EngineOptions } from '../../engine/engine-options.js'
import { integer, maxValueBytesSchema } from '../../options/scalars.js'
import { catalogEntries, type CatalogOption } from '../../snapshot/catalog/catalog-option.js'
import { cacheEntries, type CacheOption } from '../../store/cache/cache-options.js'

/** Options of every class that holds a snapshot open. */
export interface SessionOptions extends EngineOptions, CatalogOption, CacheOption {
  /** Prefix of the snapshots; also `https://…` (see `HttpStore`). */
  prefix: string
  /**
   * Opens the snapshot that this run published, and stays on it, instead of the one `_CURRENT`
   * names.
   */
  runId?: string | undefined
  /** The same by the URL of its manifest, as `listSnapshots` returns it. */
  manifestRef?: string | undefined
  /**
   * Maximum number of open shards; the least recently used closes first. 256 by default, 16 with
   * the native engine.
   */
  maxOpenShards?: number | undefined
  /**
   * Maximum value to read, in bytes; 256 MiB by default. A longer one is SHARD_INVALID_VALUE. The
   * WebAssembly engine decompresses no block to more than this and 256 KiB, whatever size the block
   * announces.
   */
  maxValueBytes?: number | undefined
  /**
   * Number of older manifests to try if the current one is malformed at `open`; 3 by default, 0 for
   * none.
   */
  maxFallbackAttempts?: number | undefined
  /**
   * Where shards may be: only below `prefix` (default), or wherever the manifest names; `'rebase'`
   * for a snapshot that was copied to `prefix` or is served there: its original URLs are mapped to
   * `prefix`.
   */
  shardUrls?: ShardUrls | undefined
  /**
   * Follows publications: refreshes every `everyMs` until `close()`. Not for a reader that stays on one
   * snapshot (`runId`, `manifestRef`).
   */
  autoRefresh?: AutoRefresh | undefined
}

/** Which URLs a manifest may name: below the prefix, any, or mapped below the prefix. */
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
  autoRefresh: v.optional(autoRefreshSchema),
  ...cacheEntries,
  ...catalogEntries,
  ...engineEntries,
}

export const sessionOptionsSchema = v.strictObject(sessionEntries)
