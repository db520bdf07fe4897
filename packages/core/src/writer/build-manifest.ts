import { fitSeals } from '../manifest/library-fields.js'
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
  readonly shardFormat: string
  readonly custom: Record<string, unknown>
}

/** Puts together the manifest of a build; shards without a winner are empty (wire-format §3.3). */
export function buildManifest(
  winners: readonly ShardAttemptResult[],
  facts: ManifestFacts,
): Manifest {
  const entries = Array.from({ length: facts.shards }, (_, id) => emptyShard(id))
  const sealed = winners.flatMap(({ id, seal }) =>
    seal === undefined ? [] : [[id, seal] as const],
  )
  const seals = fitSeals(new Map(sealed))
  for (const { allAttemptUrls: _, seal: _seal, ...entry } of winners) {
    const seal = seals.get(entry.id)
    entries[entry.id] = seal === undefined ? entry : { ...entry, seal }
  }
  return { ...facts, createdAt: formatTextTimestamp(nowMicros()), formatVersion: 4, entries }
}
