import * as v from 'valibot'
import { engineEntries, type EngineOptions } from '../../engine/engine-options.js'
import { integer } from '../../options/scalars.js'
import type { ShardUrls } from '../../read/session/session-options.js'
import { catalogEntries, type CatalogOption } from '../../snapshot/catalog/catalog-option.js'
import type { VerifyProgress } from './verify-types.js'

export interface VerifySnapshotOptions extends EngineOptions, CatalogOption {
  /** Prefix of the snapshot; also `https://…`. */
  prefix: string
  /** Id of the run whose snapshot is verified instead of the current one. */
  runId?: string | undefined
  /** The same by the URL of its manifest. */
  manifestRef?: string | undefined
  /** As for readers; `'below'` by default. */
  shardUrls?: ShardUrls | undefined
  /** Shards to verify: `'all'` (default) or this many, chosen at random. */
  shards?: 'all' | number | undefined
  /** Rows of each shard to verify: `'all'` (default) or this many, half of them from either end. */
  rows?: 'all' | number | undefined
  /** Number of shards verified at the same time; 4 by default. */
  concurrency?: number | undefined
  /** Called a few times a second. */
  onProgress?: ((progress: VerifyProgress) => void) | undefined
}

const allOr = (unit: string) =>
  v.optional(
    v.union(
      [v.literal('all'), integer(1, unit)],
      `must be 'all' or a number of 1 or more (${unit})`,
    ),
    'all',
  )

export const verifySnapshotOptionsSchema = v.strictObject({
  prefix: v.string('must be a URL'),
  runId: v.optional(v.string('must be a string')),
  manifestRef: v.optional(v.string('must be the URL of a manifest')),
  shardUrls: v.optional(
    v.picklist(['below', 'any', 'rebase'], 'must be below, any or rebase'),
    'below',
  ),
  shards: allOr('shards'),
  rows: allOr('rows'),
  concurrency: v.optional(integer(1, 'shards'), 4),
  onProgress: v.optional(
    v.custom<(progress: VerifyProgress) => void>(
      (f) => typeof f === 'function',
      'must be a function',
    ),
  ),
  ...catalogEntries,
  ...engineEntries,
})
