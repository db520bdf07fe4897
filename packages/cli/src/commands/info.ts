import type { SnapshotInfo } from '@shardyfusion/core'
import type { VectorSnapshotFacts } from '@shardyfusion/vector'
import type { Cell } from '../output/json-text.js'
import { formatBytes, formatCount, formatMs } from '../output/units.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

export async function run({ context }: Call): Promise<number> {
  const { session, printer } = context
  const reader = await session.searcher()
  const info: SnapshotInfo & Partial<VectorSnapshotFacts> = reader.info()
  const vectors = 'route' in reader ? info : reader.vectors()
  const bytes = reader.shards().reduce((sum, shard) => sum + shard.bytes, 0)
  const { custom, ...facts } = info
  const described = vectorFacts(vectors)
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

/** The vectors of a snapshot, for programs. */
interface VectorFacts {
  readonly dimensions: number
  readonly metric: string
  /** Set for vectors without keys. */
  readonly strategy?: string | undefined
  readonly totalVectors?: number | undefined
  readonly probes?: number | undefined
}

function vectorFacts(vectors: Partial<VectorFacts> | undefined): VectorFacts | undefined {
  const { dimensions, metric, strategy, totalVectors, probes } = vectors ?? {}
  if (dimensions === undefined || metric === undefined) return undefined
  return { dimensions, metric, strategy, totalVectors, probes }
}

function shownVectors(facts: VectorFacts, info: SnapshotInfo): string {
  const { dimensions, metric, strategy, totalVectors, probes } = facts
  const form = `${dimensions} dimensions, ${metric}`
  if (strategy === undefined) return `${form}, with the rows`
  const count = formatCount(Number(totalVectors))
  return `${count} without keys, ${form}; by ${strategy}, ${probes ?? 1} of ${info.shards} shards a search`
}
