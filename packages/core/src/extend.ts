// For packages that extend this one: the contracts of engines, stores and catalogs, and the session
// on which readers are built.
export { ChunkBuilder, packEntries } from './chunk/chunk-builder.js'
export { EntryChunk } from './chunk/entry-chunk.js'
export type {
  EngineFeatures,
  EngineLimits,
  EngineOrigin,
  EngineReader,
  EngineReaderOptions,
  EngineScan,
  EngineScanOptions,
  EngineShard,
  EngineWriter,
  EngineWriterOptions,
  ShardEngine,
  ShardFormat,
} from './engine/engine.js'
export type { EngineChoice } from './engine/resolve-engine.js'
export type { SealedFolder, SealedObject, ShardSeal } from './engine/shard-seal.js'
export { wrapEngine } from './engine/wrap-engine.js'
export { isShardyfusionError, ShardyfusionError } from './errors.js'
export type { ErrorCode, ErrorDetails, ShardyfusionErrorOptions } from './errors.js'
export { decodeKey, encodeLookupKey } from './keys/stored-bytes.js'
export type { Catalog } from './snapshot/catalog/catalog.js'
export type { Fallback } from './snapshot/catalog/load-snapshot.js'
export type {
  ManifestCallOptions,
  ManifestRef,
  ManifestStore,
} from './snapshot/catalog/manifest-store.js'
export type { Manifest, ManifestShard, WriterInfo } from './snapshot/manifest/manifest.js'
export type {
  DeletePrefixOptions,
  GetObjectOptions,
  ObjectCallOptions,
  ObjectInfo,
  ObjectStore,
  PutObjectOptions,
} from './store/object-store.js'
export type { EngineOptions } from './engine/engine-options.js'
export type { SignalOption } from './options/call-options.js'
export type { SessionOptions } from './read/session/session-options.js'
export type { CatalogOption } from './snapshot/catalog/catalog-option.js'
export type { ReaderHealth, ShardDetail, SnapshotInfo } from './read/snapshot-info.js'
export type { SessionHooks, SessionSnapshot } from './read/session/session-hooks.js'
export { SnapshotSession } from './read/session/snapshot-session.js'
export type { ShardRouter } from './routing/shard-router.js'
export type { RunRecord, RunStatus } from './snapshot/runs/run-record.js'
export type { RunRef, RunRegistry } from './snapshot/runs/run-registry.js'
export type { CatalogConformanceHarness } from './testing/catalog-conformance.js'
export type { EngineConformanceHarness } from './testing/engine-conformance-harness.js'
export type { ObjectStoreConformanceHarness } from './testing/object-store-conformance.js'
export type { ByteRange, Entry, Key, KeyEncoding, RoutingContext, ShardingSpec } from './types.js'
export type { Origin } from './async/origin.js'
