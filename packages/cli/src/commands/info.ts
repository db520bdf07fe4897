import type { SnapshotInfo } from '@shardyfusion/core'
import type { Cell } from '../output/json-text.js'
import { formatBytes, formatCount, formatMs } from '../output/units.js'
import { shownVectors, vectorFacts } from '../session/vector-facts.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

export async function run({ context }: Call): Promise<number> {
  const { session, printer } = context
  const reader = await session.searcher()
  const info: SnapshotInfo = reader.info()
  const bytes = reader.shards().reduce((sum, shard) => sum + shard.bytes, 0)
  const { custom, ...facts } = info
  const described = vectorFacts(reader)
  printer.record(
    { ...facts, bytes, custom: custom as Cell, vectors: described && { ...described } },
    () =>
      printer.facts({
        run: info.runId,
        published: `${info.publishedAt} (${formatMs(Date.now() - Date.parse(info.publishedAt))} ago)`,
        rows: formatCount(info.rowCount),
        size: bytes === 0 ? undefined : formatBytes(bytes),
        shards: formatCount(info.shards),
        sharding: `${info.sharding} (${info.hashAlgorithm})`,
        keys: 'route' in reader ? undefined : info.keyEncoding,
        vectors: described && shownVectors(described, info),
        values: info.valueCodec,
        format: info.shardFormat,
        manifest: info.manifestRef,
        'fell back': info.fellBack ? 'yes: the manifest named by _CURRENT is damaged' : undefined,
        custom: Object.keys(custom).length === 0 ? undefined : (custom as Cell),
      }),
  )
  return EXIT.ok
}
