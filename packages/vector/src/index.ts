// Vector search in snapshots. Loading it makes readers of core find the engine of its format.
import { registerEngine } from '@shardyfusion/core/extend'
import { sqliteVec } from './sqlite-vec/sqlite-vec.js'

registerEngine('sqlite-vec', () => sqliteVec())

export { sqliteVec, type SqliteVecOptions } from './sqlite-vec/sqlite-vec.js'
export {
  setVectorCacheBudget,
  vectorCacheStats,
  type VectorCacheStats,
} from './search/vector-cache.js'
export { kernelKind } from './kernel-kind.js'
export type { KernelKind, Metric } from './kernel/kernel.js'

// Snapshots of vectors without keys.
export { writeVectors } from './snapshot/write-vectors.js'
export type {
  Accessor,
  VectorShardingOption,
  WriteVectorsOptions,
} from './snapshot/write-vectors-options.js'
export {
  VectorReader,
  type VectorReaderOptions,
  type VectorSearchOptions,
  type VectorSnapshotFacts,
} from './snapshot/vector-reader.js'
export { measureRecall } from './recall/measure-recall.js'
export type {
  MeasuredSetting,
  MeasureRecallOptions,
  RecallReport,
} from './recall/measure-recall-options.js'
export { type Matrix, readNpy, writeNpy } from './snapshot/npy.js'
