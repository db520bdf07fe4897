// For `@shardyfusion/lancedb` only: it changes without notice.
export type { BestRows } from './kernel/batch.js'
export type { Kernel } from './kernel/kernel.js'
export { loadKernel } from './kernel/load-kernel.js'
export { exactSearch } from './search/exact-search.js'
export { filteredSearch } from './search/filtered-search.js'
export { type BlockSource, ShardVectors } from './search/shard-vectors.js'
