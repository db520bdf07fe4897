import type { IndexConfig } from '@lancedb/lancedb'
import type { VectorMetric } from '@shardyfusion/core/extend'

/** An index of a table that searches may use. */
export interface GoodIndex {
  readonly type: string
  readonly uuid: string
  /** Candidates for each hit whose exact distances decide; `undefined` if the index has exact distances. */
  readonly refine: number | undefined
  /** Number of partitions that a search reads. */
  readonly nprobes: number
}

/** Rows of a partition and the candidates for each hit, by the type of the index. */
interface IndexKind {
  readonly rowsPerPartition: number
  readonly refine?: number
}

/** In indexes made here. Python searches 20 partitions, so that it finds all of a shard of up to 80,000 vectors. */
export const ROWS_PER_PARTITION = 4096
const LEAST_NPROBES = 20
const SHARE_OF_PARTITIONS = 1 / 4

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
const GOOD: Readonly<Record<string, IndexKind>> = {
  IvfFlat: { rowsPerPartition: ROWS_PER_PARTITION },
  // The Python project makes one for 256 rows, up to 256 of them.
  IvfHnswSq: { rowsPerPartition: 1024, refine: 10 },
}

/** Chooses an index that has all rows and the metric of the snapshot; `undefined` if there is none. */
export function goodIndex(
  indexes: readonly IndexConfig[],
  metric: VectorMetric,
  rows: number,
): GoodIndex | undefined {
  for (const index of indexes) {
    const { indexType: type, indexUuid: uuid, columns, numUnindexedRows, indexDetails } = index
    if (!Object.hasOwn(GOOD, type) || columns[0] !== 'vector' || uuid === undefined) continue
    const built: unknown = (indexDetails as { metric_type?: unknown } | undefined)?.metric_type
    if (String(built).toLowerCase() !== LANCE_METRICS[metric] || Number(numUnindexedRows) !== 0)
      continue
    const { rowsPerPartition, refine } = GOOD[type]!
    const share = Math.ceil((rows / rowsPerPartition) * SHARE_OF_PARTITIONS)
    return { type, uuid, refine, nprobes: Math.max(LEAST_NPROBES, share) }
  }
  return undefined
}
