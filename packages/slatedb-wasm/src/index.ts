export { cacheStats, setCacheBudget, type CacheStats } from './cache.js'
export { EntryChunk, type Entry } from './entry-chunk.js'
export { SlateDbError, type SlateDbErrorKind } from './error.js'
export { loadSlateDb, slateDbVersion } from './load.js'
export { MemoryStore } from './memory-store.js'
export type {
  Awaitable,
  ListedObject,
  ObjectInfo,
  ObjectStore,
  ObjectUpload,
} from './object-store.js'
export { OverlayStore } from './overlay-store.js'
export { MAX_VALUE_BYTES, SlateDbReader, type ReaderOptions } from './reader.js'
export type { KeyRange, Scan, ScanOptions } from './scan.js'
export type { BytesSource, WasmSource } from './wasm-source.js'
export { SlateDbWriter, type WriterOptions } from './writer.js'
export {
  SlateDbTableWriter,
  type PartStore,
  type SealedDatabase,
  type TableWriterOptions,
} from './table-writer.js'
export { SlateDbTableUpdate, type TableUpdateOptions, type UpdateCounts } from './table-update.js'
