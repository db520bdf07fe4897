import type { Manifest, ManifestShard } from '../snapshot/manifest/manifest.js'
import type { ManifestRef } from '../snapshot/catalog/manifest-store.js'
import type { Fallback } from '../snapshot/catalog/load-snapshot.js'
import type { CacheStats } from '../store/cache/cache-options.js'
import type { ReaderStats } from '../diagnostics/reader-stats.js'
import type { KeyEncoding } from '../types.js'
import { describeValue } from '../options/describe-value.js'
import { describeUrl } from '../text/describe-url.js'
import { withJson } from '../text/json-form.js'
import { parseTimestamp } from '../text/timestamps.js'
import type { SessionSnapshot } from './session/session-hooks.js'

/** Facts of the open snapshot. */
export interface SnapshotInfo {
  /** Id of the run. */
  readonly runId: string
  /** Number of shards, including empty ones. */
  readonly shards: number
  /** By a hash of the key, or by a CEL expression. */
  readonly sharding: 'hash' | 'cel'
  /** Name of the hash. */
  readonly hashAlgorithm: string
  /** How keys are stored. */
  readonly keyEncoding: KeyEncoding
  /** Format of the shards, which determines their engine. */
  readonly shardFormat: string
  /** Name of the codec of values, such as `json`; `undefined` if the writer did not record it. */
  readonly valueCodec: string | undefined
  /** Rows written; an overwritten key counts once for each write. */
  readonly rowCount: number
  /**
   * Time at which the manifest was made, and at which the pointer was moved to it, as their writers
   * recorded it (ISO 8601).
   */
  readonly createdAt: string
  /** Time of publication, ISO 8601. */
  readonly publishedAt: string
  /** Where the manifest is stored. */
  readonly manifestRef: string
  /**
   * True if `_CURRENT` names another manifest, which is damaged; `health().reason` has the details.
   */
  readonly fellBack: boolean
  /** The writer's own fields. */
  readonly custom: Readonly<Record<string, unknown>>
}

/** Facts of one shard, from the manifest. */
export interface ShardDetail {
  /** Number of the shard. */
  readonly id: number
  /** `undefined` for an empty shard. */
  readonly url: string | undefined
  /** Rows that were written, repeated keys included. */
  readonly rowCount: number
  /** Bytes in storage; 0 if the writer did not know. */
  readonly bytes: number
  /** Smallest key, if it is known. */
  readonly minKey: bigint | string | undefined
  /** Largest key, if it is known. */
  readonly maxKey: bigint | string | undefined
  /** Number of the attempt that was published. */
  readonly attempt: number
}

/** The state of a reader. */
export interface ReaderHealth {
  /** `degraded` if an older snapshot is served or it is stale, `unhealthy` if the reader is closed. */
  readonly status: 'healthy' | 'degraded' | 'unhealthy'
  /** Why it is not healthy, as text. */
  readonly reason: string | undefined
  /** Empty if closed. */
  readonly manifestRef: string
  /** Milliseconds since the open snapshot was published. */
  readonly ageMs: number
  /** Number of shards. */
  readonly shards: number
  /** Whether it was closed. */
  readonly isClosed: boolean
  /** Hits and misses of the cache of local files; absent without one. */
  readonly cache?: CacheStats | undefined
}

export function snapshotInfo(
  { manifest, ref, engine }: SessionSnapshot<unknown>,
  fellBack: boolean,
): SnapshotInfo {
  return withJson({
    runId: manifest.runId,
    shards: manifest.shards,
    sharding: manifest.sharding.strategy,
    hashAlgorithm: manifest.sharding.hashAlgorithm,
    keyEncoding: manifest.keyEncoding,
    shardFormat: engine.format,
    valueCodec: manifest.valueCodec,
    rowCount: manifest.entries.reduce((sum, shard) => sum + shard.rowCount, 0),
    createdAt: manifest.createdAt,
    publishedAt: ref.publishedAt,
    manifestRef: ref.ref,
    fellBack,
    custom: manifest.custom,
  })
}

export function describeShard(shard: ManifestShard): ShardDetail {
  const { id, url, rowCount, bytes, minKey, maxKey, attempt } = shard
  return withJson({ id, url, rowCount, bytes, minKey, maxKey, attempt })
}

/**
 * Returns the time of publication, in milliseconds since 1970; if the pointer's time is ahead of
 * this clock, the time of the build.
 */
function publishedMs({ publishedMicros }: ManifestRef, { createdAt }: Manifest): number {
  const ms = Number(publishedMicros / 1000n)
  return ms > Date.now() ? Number(parseTimestamp(createdAt) / 1000n) : ms
}

/** Returns the time since the snapshot was published, in milliseconds. */
export function snapshotAgeMs({
  ref,
  manifest,
}: Pick<SessionSnapshot<unknown>, 'ref' | 'manifest'>): number {
  return Math.max(0, Date.now() - publishedMs(ref, manifest))
}

export function fileCacheCounts(stats: CacheStats): NonNullable<ReaderStats['cache']> {
  const { hits, hitBytes, misses, missBytes, damaged } = stats
  return { hits, hitBytes, misses, missBytes, damaged }
}

/** Health of a reader that serves nothing. */
export function unhealthy(reason: string, isClosed: boolean): ReaderHealth {
  return { status: 'unhealthy', reason, manifestRef: '', ageMs: 0, shards: 0, isClosed }
}

/**
 * Source: Python `ReaderHealth`, except that the age is that of the snapshot and not of the reader
 * object.
 */
export function snapshotHealth(
  { ref, manifest }: SessionSnapshot<unknown>,
  fallback: Fallback | undefined,
  stalenessThresholdMs: number | undefined,
): ReaderHealth {
  const ageMs = snapshotAgeMs({ ref, manifest })
  const reasons: string[] = []
  if (fallback !== undefined) {
    const { current, error } = fallback
    reasons.push(
      `_CURRENT names ${describeUrl(current.ref)}, which cannot be read, and run ${describeValue(manifest.runId)} of ` +
        `${ref.publishedAt} is served instead; roll back, or publish again (${error.message})`,
    )
  }
  if (stalenessThresholdMs !== undefined && ageMs > stalenessThresholdMs) {
    reasons.push(
      `the snapshot is ${ageMs} ms old, more than stalenessThresholdMs (${stalenessThresholdMs})`,
    )
  }
  return {
    status: reasons.length === 0 ? 'healthy' : 'degraded',
    reason: reasons.length === 0 ? undefined : reasons.join('; '),
    manifestRef: ref.ref,
    ageMs,
    shards: manifest.shards,
    isClosed: false,
  }
}
