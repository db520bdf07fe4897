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
export type { SealedFolder, SealedObject, ShardSeal } from './engine/shard-seal.js'
export type { EngineChoice } from './engine/resolve-engine.js'
export { slatedb, type SlateDbOptions } from './slatedb/slatedb.js'
export type { Compression, SlateDbSettings } from './slatedb/slatedb-settings.js'
export { wrapEngine } from './engine/wrap-engine.js'
export { isShardyfusionError, ShardyfusionError } from './errors.js'
export type { ErrorCode, ErrorDetails } from './errors.js'
export {
  CleanupPlan,
  cleanupSnapshots,
  type CleanupSnapshotsOptions,
  planCleanup,
} from './maintain/cleanup/cleanup-snapshots.js'
export type { CleanupOptions } from './maintain/cleanup/cleanup-options.js'
export type {
  CleanupAction,
  CleanupOutcome,
  CleanupProblem,
  CleanupProgress,
  CleanupReport,
  KeepReason,
  KeptRun,
} from './maintain/cleanup/cleanup-types.js'
export { listRuns, type ListedRun, type ListRunsOptions } from './maintain/history/list-runs.js'
export {
  type ListedSnapshot,
  listSnapshots,
  type ListSnapshotsOptions,
} from './maintain/history/list-snapshots.js'
export type { LineageOptions } from './maintain/history/open-lineage.js'
export {
  type Rollback,
  type RollbackOptions,
  rollbackSnapshot,
} from './maintain/history/rollback-snapshot.js'
export type { VerifySnapshotOptions } from './maintain/verify/verify-options.js'
export { verifySnapshot } from './maintain/verify/verify-snapshot.js'
export type {
  FindingKind,
  VerifiedShard,
  VerifyFinding,
  VerifyProgress,
  VerifyReport,
} from './maintain/verify/verify-types.js'
export type { Catalog } from './snapshot/catalog/catalog.js'
export type {
  ManifestCallOptions,
  ManifestRef,
  ManifestStore,
} from './snapshot/catalog/manifest-store.js'
export type { Manifest, ManifestShard, WriterInfo } from './snapshot/manifest/manifest.js'
export { objectCatalog, type ObjectCatalogOptions } from './snapshot/catalog/object-catalog.js'
export { ObjectManifestStore } from './snapshot/catalog/object-manifest-store.js'
export { FileStore } from '#node/store/file/file-store'
export type { FileStoreOptions } from './store/file/file-store.js'
export { writeHttpIndex } from './store/http/http-index.js'
export { HttpStore, type HttpStoreOptions } from './store/http/http-store.js'
export { clearMemoryStore, memoryStore, MemoryStore } from './store/memory-store.js'
export type { DeletePrefixOptions, ObjectInfo, ObjectStore } from './store/object-store.js'
export { openObjectStore } from './store/open-store.js'
export type { BuildProgress, BuildWarning } from './build/build-progress.js'
export type { ShardingOption } from './build/open/sharding-option.js'
export type { BatchOptions, WriteRateLimit } from './build/rows/batch-options.js'
export type { ShardWriterOptions } from './build/shard-writer-options.js'
export type { RetryPolicy } from './build/shard/retry-policy.js'
export type { SnapshotWriterOptions } from './build/snapshot-writer-options.js'
export type { EngineOptions } from './engine/engine-options.js'
export type { ReadOptions } from './read/lookup/read-options.js'
export type { ScanOptions, SnapshotScanOptions } from './read/scan/scan-options.js'
export type { ShardUrls } from './read/session/session-options.js'
export type { ShardReaderOptions } from './read/shard-reader-options.js'
export type { ReadRateLimit, SnapshotReaderOptions } from './read/snapshot-reader-options.js'
export type { CelShardingOption } from './routing/cel/cel-sharding-option.js'
export type { CatalogOption } from './snapshot/catalog/catalog-option.js'
export type { StorageOptions } from './store/storage-options.js'
export { ScanIterator } from './read/scan/scan-iterator.js'
export { ShardReader } from './read/shard-reader.js'
export type { ReaderHealth, ShardDetail, SnapshotInfo } from './read/snapshot-info.js'
export { SnapshotReader } from './read/snapshot-reader.js'
export { celShardingByColumns } from './routing/cel/cel-by-columns.js'
export {
  ObjectRunRegistry,
  type ObjectRunRegistryOptions,
} from './snapshot/runs/object-run-registry.js'
export type { RunRecord, RunStatus } from './snapshot/runs/run-record.js'
export type { RunRef, RunRegistry } from './snapshot/runs/run-registry.js'
export type {
  ByteRange,
  CelType,
  Entry,
  Key,
  KeyEncoding,
  KeyRange,
  RoutingContext,
  RoutingValue,
  ShardingSpec,
  ValueEncoding,
} from './types.js'
export { formatAttemptResult, parseAttemptResult } from './build/shard/attempt-result-json.js'
export type { DiagnosticsEvents } from './diagnostics.js'
export type { Origin } from './async/origin.js'
export type { PublishedSnapshot } from './build/publish/published-snapshot.js'
export { requireCoverage } from './build/publish/require-coverage.js'
export { type Selection, selectWinners } from './build/publish/select-winners.js'
export type { ShardAttemptResult } from './build/shard/shard-attempt-result.js'
export type { ShardStats } from './build/rows/shard-sink.js'
export { readEntryFrames } from './build/tasks/entry-frames.js'
export { type PlanOptions, planSnapshot } from './build/tasks/plan-snapshot.js'
export {
  type PublishedTasks,
  type PublishOptions,
  publishSnapshot,
} from './build/tasks/publish-snapshot.js'
export {
  formatSnapshotPlan,
  parseSnapshotPlan,
  type SnapshotPlan,
} from './build/tasks/snapshot-plan.js'
export { type ShardAttemptOptions, writeShardAttempt } from './build/tasks/write-shard-attempt.js'
export { type SealedShard, ShardWriter } from './build/shard-writer.js'
export { SnapshotWriter } from './build/snapshot-writer.js'
export type { WriteSnapshotOptions } from './build/rows/record-fields.js'
export { writeSnapshot } from './build/write-snapshot.js'
