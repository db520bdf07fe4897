export { runCatalogConformance } from './catalog-conformance.js'
export type { CatalogConformanceHarness } from './catalog-conformance.js'
export { countStore, type StoreCounter, type StoreCounts } from './count-store.js'
export { runEngineConformance } from './engine-conformance.js'
export type { EngineConformanceHarness } from './engine-conformance-harness.js'
export {
  type EngineFaultOptions,
  type EngineFaultPoint,
  faultyEngine,
  faultyStore,
  type ShardAttempt,
  type StoreFaultOptions,
} from './fault-injection.js'
export {
  interceptStore,
  type StoreCall,
  type StoreInterceptor,
  type StoreResult,
} from './intercept-store.js'
export { clearMemoryStore } from '../store/memory-store.js'
export { mapStore, type MapStoreOptions } from './map-store.js'
export { runObjectStoreConformance } from './object-store-conformance.js'
export type { ObjectStoreConformanceHarness } from './object-store-conformance.js'
export { type BareEngineOptions, openBareReader, openBareWriter } from './open-bare.js'
export {
  type SeedRow,
  seedShard,
  type SeedShardOptions,
  seedSnapshot,
  type SeedSnapshotOptions,
} from './seed.js'
export { tempStore, type TempStore } from './temp-store.js'
