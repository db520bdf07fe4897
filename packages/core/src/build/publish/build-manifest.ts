import { emptyShard, type Manifest } from '../../snapshot/manifest/manifest.js'
import { formatTextTimestamp, nowMicros } from '../../text/timestamps.js'
import type { KeyEncoding, ShardingSpec } from '../../types.js'
import { fitSeals } from './fit-seals.js'
import type { ShardAttemptResult } from '../shard/shard-attempt-result.js'

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
  readonly valueCodec?: string | undefined
  readonly custom: Record<string, unknown>
}

/** Builds the manifest of a build; shards without a winner are empty (wire-format §3.3). */
export function buildManifest(
  winners: readonly ShardAttemptResult[],
  facts: ManifestFacts,
  warn: (message: string) => void,
): Manifest {
  const entries = Array.from({ length: facts.shards }, (_, id) => emptyShard(id))
  const sealed = winners.flatMap(({ id, seal }) =>
    seal === undefined ? [] : [[id, seal] as const],
  )
  const { seals, leftOut } = fitSeals(new Map(sealed))
  if (leftOut !== 'nothing') {
    warn(
      `the seals of ${sealed.length} shards are too long for a manifest (4 MiB), which omits ${leftOut === 'all' ? 'all of them' : leftOut}; ` +
        'readers will not detect damage to the omitted objects; build fewer or smaller shards',
    )
  }
  const { valueCodec, ...rest } = facts
  for (const { allAttemptUrls: _, seal: _seal, ...entry } of winners) {
    const seal = seals.get(entry.id)
    entries[entry.id] = seal === undefined ? entry : { ...entry, seal }
  }
  return {
    ...rest,
    ...(valueCodec !== undefined && { valueCodec }),
    createdAt: formatTextTimestamp(nowMicros()),
    formatVersion: 4,
    entries,
  }
}
