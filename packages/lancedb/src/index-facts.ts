import type { IndexConfig } from '@lancedb/lancedb'
import type { VectorMetric } from '@shardyfusion/core/extend'

/** An index of a table that searches may use. */
export interface GoodIndex {
  readonly type: string
  readonly uuid: string
  /** Candidates for each hit whose exact distances decide; `undefined` if the index has exact distances. */
  readonly refine: number | undefined
}

/** LanceDB's names of the metrics. */
export const LANCE_METRICS: Readonly<Record<VectorMetric, 'cosine' | 'l2' | 'dot'>> = {
  cosine: 'cosine',
  l2: 'l2',
  dot_product: 'dot',
}

/**
 * Indexes that find most of the truly nearest. Those of the Python project with product quantization find 7 to 17 of 100, so
 * they are left out.
 */
const GOOD: Readonly<Record<string, number | undefined>> = { IvfFlat: undefined, IvfHnswSq: 10 }

/** Chooses an index that has all rows and the metric of the snapshot; `undefined` if there is none. */
export function goodIndex(
  indexes: readonly IndexConfig[],
  metric: VectorMetric,
): GoodIndex | undefined {
  for (const index of indexes) {
    const { indexType: type, indexUuid: uuid, columns, numUnindexedRows, indexDetails } = index
    if (!Object.hasOwn(GOOD, type) || columns[0] !== 'vector' || uuid === undefined) continue
    const built: unknown = (indexDetails as { metric_type?: unknown } | undefined)?.metric_type
    if (String(built).toLowerCase() !== LANCE_METRICS[metric] || Number(numUnindexedRows) !== 0)
      continue
    return { type, uuid, refine: GOOD[type] }
  }
  return undefined
}
