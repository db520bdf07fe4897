import { ShardyfusionError } from '../errors.js'
import { decodeKey } from '../keys/stored-bytes.js'
import { emptyShard, type Manifest, type ManifestShard } from '../manifest/manifest.js'
import { formatTextTimestamp, nowMicros } from '../util/timestamps.js'
import { discoverCelShards } from '../routing/discover-cel-shards.js'
import type { KeyEncoding } from '../types.js'
import type { ShardLayout } from './shard-layout.js'
import type { ShardStats } from './shard-sink.js'

/** One sealed shard of a build. */
export interface BuiltShard {
  readonly id: number
  readonly url: string
  readonly attempt: number
  readonly stats: ShardStats
  readonly checkpointId: string
  readonly durationMs: number
}

export interface ManifestFacts {
  readonly runId: string
  readonly prefix: string
  readonly layout: ShardLayout
  readonly keyColumn: string
  readonly keyEncoding: KeyEncoding
  readonly shardPrefix: string
  readonly dbPathTemplate: string
  readonly custom: Record<string, unknown>
}

/** Puts together the manifest of a build; shards without rows are empty (wire-format §3.3). */
export function buildManifest(built: readonly BuiltShard[], facts: ManifestFacts): Manifest {
  const shards = facts.layout.shards ?? discoverCelShards(built.map((shard) => shard.id))
  const entries = Array.from({ length: shards }, (_, id) => emptyShard(id))
  for (const shard of built) {
    if (shard.id >= shards) {
      throw new ShardyfusionError(
        'SHARD_ROUTING',
        `SnapshotWriter.publish: shard ${shard.id} is outside the ${shards} shards of this snapshot`,
        { details: { peer: 'ShardCoverageError', shard: shard.id, shards } },
      )
    }
    if (shard.stats.rowCount > 0) entries[shard.id] = describe(shard, facts.keyEncoding)
  }
  return {
    runId: facts.runId,
    createdAt: formatTextTimestamp(nowMicros()),
    shards,
    prefix: facts.prefix,
    keyColumn: facts.keyColumn,
    sharding: facts.layout.spec,
    dbPathTemplate: facts.dbPathTemplate,
    shardPrefix: facts.shardPrefix,
    formatVersion: 4,
    keyEncoding: facts.keyEncoding,
    custom: facts.custom,
    entries,
  }
}

function describe(shard: BuiltShard, encoding: KeyEncoding): ManifestShard {
  const { id, url, attempt, checkpointId, stats, durationMs } = shard
  return {
    id,
    url,
    attempt,
    rowCount: stats.rowCount,
    bytes: stats.bytes,
    minKey: representable(stats.minKey, encoding),
    maxKey: representable(stats.maxKey, encoding),
    checkpointId,
    writerInfo: { attempt, durationMs },
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A key as a manifest can hold it: integer or text; other bytes are left out (wire-format §3.5). */
function representable(
  key: Uint8Array | undefined,
  encoding: KeyEncoding,
): bigint | string | undefined {
  if (key === undefined) return undefined
  if (encoding === 'u64be' || encoding === 'u32be') return decodeKey(key, encoding) as bigint
  try {
    return strictUtf8.decode(key)
  } catch {
    return undefined
  }
}
