import type { SnapshotInfo } from '@shardyfusion/core'
import type { SnapshotReaderSync } from '@shardyfusion/sync'
import type { VectorReaderSync } from '@shardyfusion/sync/vector'
import { formatCount } from '../output/units.js'

/** The vectors of a snapshot, for programs. */
export interface VectorFacts {
  readonly dimensions: number
  readonly metric: string
  /** Set for vectors without keys. */
  readonly strategy?: string | undefined
  readonly totalVectors?: number | undefined
  readonly probes?: number | undefined
}

/** `undefined` for a snapshot without vectors. */
export function vectorFacts(
  reader: SnapshotReaderSync | VectorReaderSync,
): VectorFacts | undefined {
  const vectors: Partial<VectorFacts> | undefined =
    'route' in reader ? reader.info() : reader.vectors()
  const { dimensions, metric, strategy, totalVectors, probes } = vectors ?? {}
  if (dimensions === undefined || metric === undefined) return undefined
  return { dimensions, metric, strategy, totalVectors, probes }
}

/** The same for people. */
export function shownVectors(facts: VectorFacts, info: SnapshotInfo): string {
  const { dimensions, metric, strategy, totalVectors, probes } = facts
  const form = `${dimensions} dimensions, ${metric}`
  if (strategy === undefined) return `${form}, with the rows`
  const count = formatCount(Number(totalVectors))
  return `${count} without keys, ${form}; by ${strategy}, ${probes ?? 1} of ${info.shards} shards a search`
}
