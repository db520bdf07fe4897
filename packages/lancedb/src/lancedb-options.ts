import { integer } from '@shardyfusion/core/internal-vector'
import * as v from 'valibot'

/** Options of `lancedb()`. */
export interface LanceDbOptions {
  /**
   * The index that a shard gets next to its vectors. `'flat'` (IVF_FLAT, default) and `'hnsw'` (IVF_HNSW_SQ, slower to
   * build) are for large shards, and for the Python project, which searches shards without an index by L2, whatever the
   * metric. `'none'` halves the size of a shard.
   */
  index?: 'flat' | 'hnsw' | 'none' | undefined
  /** Largest shard that is always searched exactly, in vectors; 150,000 by default. Larger ones use an index, if it is good. */
  exactUpTo?: number | undefined
  /** Number of partitions of an index that a search reads; by default a quarter, 20 at least. More find more, more slowly. */
  nprobes?: number | undefined
  /**
   * Version of the file format of new shards; the latest by default. LanceDB for Python reads `'2.0'` from version 0.17 on,
   * `'2.1'` from 0.25 on and the latest from 0.30 on.
   */
  storageVersion?: '2.0' | '2.1' | '2.2' | undefined
  /** Folder for files of shards while they are open; the one of the system by default. */
  temporaryFolder?: string | undefined
  /**
   * Bytes that copies of shards may take in temporary folders, for all readers of a thread; 8 GiB by default. The least recently
   * searched leave first, and are copied again when they are searched. Shards in a folder are read where they are.
   */
  temporaryBytes?: number | undefined
}

const DEFAULT_TEMPORARY_BYTES = 8 * 1024 ** 3
const VERSIONS = ['2.0', '2.1', '2.2'] as const
const INDEXES = ['flat', 'hnsw', 'none'] as const

export const lanceDbSchema = v.strictObject({
  index: v.optional(v.picklist(INDEXES, "must be 'flat', 'hnsw' or 'none'"), 'flat'),
  exactUpTo: v.optional(integer(0, 'vectors'), 150_000),
  nprobes: v.optional(integer(1, 'partitions')),
  storageVersion: v.optional(v.picklist(VERSIONS, `must be ${VERSIONS.join(', ')}`)),
  temporaryFolder: v.optional(v.pipe(v.string(), v.nonEmpty('must be the path of a folder'))),
  temporaryBytes: v.optional(integer(0, 'bytes'), DEFAULT_TEMPORARY_BYTES),
})

/** The options, with their defaults. */
export type LanceDbSettings = v.InferOutput<typeof lanceDbSchema>
