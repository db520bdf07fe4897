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
export type { Metric } from './kernel/kernel.js'
