// For packages that extend this one: the contracts of engines, stores and catalogs, their origins
// in other threads, and the session on which readers are built.

// Engines.
export type {
  EngineFeatures,
  EngineLimits,
  EngineOpenOptions,
  EngineReader,
  EngineReaderOptions,
  SnapshotBytes,
  EngineScan,
  EngineScanOptions,
  EngineShard,
  EngineUpdate,
  EngineWriter,
  EngineWriterOptions,
  ScratchSpace,
  ShardEngine,
  ShardFormat,
  UpdateCounts,
} from './engine/engine.js'
export { registerEngine } from './engine/choose-engine.js'
export type { EngineChoice } from './engine/resolve-engine.js'
export type {
  EngineSearchOptions,
  ShardHits,
  ShardVectorFacts,
  VectorCandidate,
  VectorMetric,
  VectorQueries,
  VectorRows,
  VectorSample,
  VectorSettings,
} from './engine/vector-engine.js'
export type { SealedFolder, SealedObject, ShardSeal } from './engine/shard-seal.js'
export { wrapEngine } from './engine/wrap-engine.js'
export type { EngineConformanceHarness } from './testing/engine-conformance-harness.js'

// Stores.
export type {
  DeletePrefixOptions,
  GetObjectOptions,
  ObjectCallOptions,
  ObjectInfo,
  ObjectStore,
  ObjectUpload,
  PutObjectOptions,
} from './store/object-store.js'
export { cachedStore, type CachedStore } from './store/cache/cached-store.js'
export type { CacheOption, CacheOptions, CacheStats } from './store/cache/cache-options.js'
export { openUpload } from './store/upload/open-upload.js'
export type { ObjectStoreConformanceHarness } from './testing/object-store-conformance.js'

// Catalogs.
export type { Catalog } from './snapshot/catalog/catalog.js'
export type {
  ManifestCallOptions,
  PublishCallOptions,
  ManifestRef,
  ManifestStore,
} from './snapshot/catalog/manifest-store.js'
export type { Manifest, ManifestShard, WriterInfo } from './snapshot/manifest/manifest.js'
export {
  decodeManifestRecord,
  encodeManifestRecord,
  type ManifestRecord,
} from './snapshot/catalog/manifest-record.js'
export type {
  BUILD_META_COLUMNS,
  BuildMetaColumn,
  Cell,
  Cells,
  SHARD_COLUMNS,
  ShardColumn,
} from './snapshot/manifest/manifest-tables.js'
export type { JsonValue } from './text/lossless-json.js'
export type { VectorBuild } from './build/vector-build.js'
export type { PackedChanges, UpdaterFacts } from './update/packed-changes.js'
export type { VectorRow } from './build/rows/vector-row.js'
export type { PackedResults } from './read/search/search-result.js'
export type { RunRecord, RunStatus } from './snapshot/runs/run-record.js'
export type { RunRef, RunRegistry } from './snapshot/runs/run-registry.js'
export type { CatalogConformanceHarness } from './testing/catalog-conformance.js'

// Origins: how another thread or process makes the same engine, store or catalog.
export type { Origin } from './async/origin.js'
export { engineFromOrigin, requireEngineOrigin } from './engine/engine-origin.js'
export { requireStoreOrigin, storeFromOrigin } from './store/store-origin.js'
export { catalogFromOrigin, requireCatalogOrigin } from './snapshot/catalog/catalog-origin.js'

// Chunks and keys.
export { BufferPool } from './chunk/buffer-pool.js'
export { ChunkBuilder, packEntries } from './chunk/chunk-builder.js'
export { EntryChunk } from './chunk/entry-chunk.js'
export { VectorChunk, type VectorId } from './chunk/vector-chunk.js'
export { VectorChunkBuilder } from './chunk/vector-chunk-builder.js'
export { HitChunk, type PackedHit } from './chunk/hit-chunk.js'
export { decodeKey, encodeKey, encodeLookupKey } from './keys/stored-bytes.js'

// Readers.
export type { SessionHooks, SessionSnapshot, SnapshotPlace } from './read/session/session-hooks.js'
export {
  ReaderCounters,
  type ReaderStats,
  type ShardReaderStats,
} from './diagnostics/reader-stats.js'
export { SnapshotSession } from './read/session/snapshot-session.js'
export type { Fallback } from './snapshot/catalog/load-snapshot.js'
export type { ReaderHealth, ShardDetail, SnapshotInfo } from './read/snapshot-info.js'
export { type ResumableScan, resumableScan, type ScanPosition } from './read/scan/resumable-scan.js'
export type { ShardRouter } from './routing/shard-router.js'

// Parts of the options and results of readers and writers.
export type { BatchOptions } from './build/rows/batch-options.js'
export type { ShardStats } from './build/rows/shard-sink.js'
export type { EngineOptions } from './engine/engine-options.js'
export type { SignalOption } from './options/call-options.js'
export type { SessionOptions, ShardUrls } from './read/session/session-options.js'
export type { CatalogOption } from './snapshot/catalog/catalog-option.js'
export type { StorageOptions } from './store/storage-options.js'
export type { DecodedKey, KeyView } from './read/snapshot-reader.js'
export type { ReadValue, SchemaOption, ValueOf, WrittenValue } from './values/value-codec.js'
export type { ByteRange, Entry, Key, KeyEncoding, RoutingContext, ShardingSpec } from './types.js'
export { isShardyfusionError, ShardyfusionError } from './errors.js'
export type { ErrorCode, ErrorDetails, ShardyfusionErrorOptions } from './errors.js'
