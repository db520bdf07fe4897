import type { ManifestShard } from '../manifest/manifest.js'
import type { KeyEncoding } from '../types.js'
import type { SnapshotState } from './snapshot-state.js'

export interface SnapshotInfo {
  readonly runId: string
  /** Number of shards, empty ones included. */
  readonly shards: number
  readonly sharding: 'hash' | 'cel'
  readonly hashAlgorithm: string
  readonly keyEncoding: KeyEncoding
  /** Format of the shards, that of the engine that reads them. */
  readonly shardFormat: string
  /** Rows written, counting a key again each time it was overwritten. */
  readonly rowCount: number
  /** When the manifest was made and when the pointer was moved to it, as their writers put it (ISO 8601). */
  readonly createdAt: string
  readonly publishedAt: string
  readonly manifestRef: string
  /** The writer's own fields. */
  readonly custom: Readonly<Record<string, unknown>>
}

export interface ShardDetail {
  readonly id: number
  /** `undefined` for an empty shard. */
  readonly url: string | undefined
  readonly rowCount: number
  /** Bytes in storage; 0 when the writer did not know. */
  readonly bytes: number
  readonly minKey: bigint | string | undefined
  readonly maxKey: bigint | string | undefined
  readonly attempt: number
}

export interface ReaderHealth {
  readonly status: 'healthy' | 'degraded' | 'unhealthy'
  /** Empty when closed. */
  readonly manifestRef: string
  /** Milliseconds since the open snapshot was published. */
  readonly ageMs: number
  readonly shards: number
  readonly isClosed: boolean
}

export function snapshotInfo({ manifest, ref, engine }: SnapshotState): SnapshotInfo {
  return {
    runId: manifest.runId,
    shards: manifest.shards,
    sharding: manifest.sharding.strategy,
    hashAlgorithm: manifest.sharding.hashAlgorithm,
    keyEncoding: manifest.keyEncoding,
    shardFormat: engine.format,
    rowCount: manifest.entries.reduce((sum, shard) => sum + shard.rowCount, 0),
    createdAt: manifest.createdAt,
    publishedAt: ref.publishedAt,
    manifestRef: ref.ref,
    custom: manifest.custom,
  }
}

export function describeShard(shard: ManifestShard): ShardDetail {
  const { id, url, rowCount, bytes, minKey, maxKey, attempt } = shard
  return { id, url, rowCount, bytes, minKey, maxKey, attempt }
}

/** Source: Python `ReaderHealth`, except that the age is that of the snapshot and not of the reader object. */
export function snapshotHealth(
  state: SnapshotState | undefined,
  stalenessThresholdMs: number | undefined,
): ReaderHealth {
  if (state === undefined) {
    return { status: 'unhealthy', manifestRef: '', ageMs: 0, shards: 0, isClosed: true }
  }
  const ageMs = Math.max(0, Date.now() - Number(state.ref.publishedMicros / 1000n))
  const stale = stalenessThresholdMs !== undefined && ageMs > stalenessThresholdMs
  return {
    status: stale ? 'degraded' : 'healthy',
    manifestRef: state.ref.ref,
    ageMs,
    shards: state.manifest.shards,
    isClosed: false,
  }
}
