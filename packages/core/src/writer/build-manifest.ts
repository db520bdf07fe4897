import { emptyShard, type Manifest } from '../manifest/manifest.js'
import { formatTextTimestamp, nowMicros } from '../util/timestamps.js'
import type { KeyEncoding, ShardingSpec } from '../types.js'
import type { ShardAttemptResult } from './shard-attempt-result.js'

export interface ManifestFacts {
  readonly runId: string
  readonly prefix: string
  readonly shards: number
  readonly sharding: ShardingSpec
  readonly keyColumn: string
  readonly keyEncoding: KeyEncoding
  readonly shardPrefix: string
  readonly dbPathTemplate: string
  readonly custom: Record<string, unknown>
}

/** Puts together the manifest of a build; shards without a winner are empty (wire-format §3.3). */
export function buildManifest(
  winners: readonly ShardAttemptResult[],
  facts: ManifestFacts,
): Manifest {
  const entries = Array.from({ length: facts.shards }, (_, id) => emptyShard(id))
  for (const { allAttemptUrls: _, ...entry } of winners) entries[entry.id] = entry
  return { ...facts, createdAt: formatTextTimestamp(nowMicros()), formatVersion: 4, entries }
}
