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
export { slatedb, type SlateDbOptions } from './engine/slatedb.js'
export type { Compression, SlateDbSettings } from './engine/slatedb-settings.js'
export { wrapEngine } from './engine/wrap-engine.js'
export { isShardyfusionError, ShardyfusionError } from './errors.js'
export type { ErrorCode, ErrorDetails } from './errors.js'
export {
  CleanupPlan,
  cleanupSnapshots,
  type CleanupSnapshotsOptions,
  planCleanup,
} from './maintenance/cleanup-snapshots.js'
export type { CleanupOptions } from './maintenance/cleanup-options.js'
export type {
  CleanupAction,
  CleanupOutcome,
  CleanupProblem,
  CleanupProgress,
  CleanupReport,
  KeepReason,
  KeptRun,
} from './maintenance/cleanup-types.js'
export { listRuns, type ListedRun, type ListRunsOptions } from './maintenance/list-runs.js'
export {
  type ListedSnapshot,
  listSnapshots,
  type ListSnapshotsOptions,
} from './maintenance/list-snapshots.js'
export type { LineageOptions } from './maintenance/open-lineage.js'
export {
  type Rollback,
  type RollbackOptions,
  rollbackSnapshot,
} from './maintenance/rollback-snapshot.js'
export type { VerifySnapshotOptions } from './maintenance/verify-options.js'
export { verifySnapshot } from './maintenance/verify-snapshot.js'
export type {
  FindingKind,
  VerifiedShard,
  VerifyFinding,
  VerifyProgress,
  VerifyReport,
} from './maintenance/verify-types.js'
export type { Catalog } from './manifest/catalog.js'
export type { ManifestCallOptions, ManifestRef, ManifestStore } from './manifest/manifest-store.js'
export type { Manifest, ManifestShard, WriterInfo } from './manifest/manifest.js'
export { objectCatalog, type ObjectCatalogOptions } from './manifest/object-catalog.js'
export { ObjectManifestStore } from './manifest/object-manifest-store.js'
export { FileStore } from '#node/objects/file-store'
export type { FileStoreOptions } from './objects/file-store.js'
export { writeHttpIndex } from './objects/http-index.js'
export { HttpStore, type HttpStoreOptions } from './objects/http-store.js'
export { clearMemoryStore, memoryStore, MemoryStore } from './objects/memory-store.js'
export type { DeletePrefixOptions, ObjectInfo, ObjectStore } from './objects/object-store.js'
export { openObjectStore } from './objects/open-store.js'
export type {
  BatchOptions,
  BuildProgress,
  BuildWarning,
  CatalogOption,
  CelShardingOption,
  EngineOptions,
  ReadOptions,
  ReadRateLimit,
  RetryPolicy,
  ScanOptions,
  ShardingOption,
  ShardReaderOptions,
  ShardUrls,
  ShardWriterOptions,
  SnapshotReaderOptions,
  SnapshotScanOptions,
  SnapshotWriterOptions,
  StorageOptions,
  WriteRateLimit,
} from './options.js'
export { ScanIterator } from './reader/scan-iterator.js'
export { ShardReader } from './reader/shard-reader.js'
export type { ReaderHealth, ShardDetail, SnapshotInfo } from './reader/snapshot-info.js'
export { SnapshotReader } from './reader/snapshot-reader.js'
export { celShardingByColumns } from './routing/cel-by-columns.js'
export { ObjectRunRegistry, type ObjectRunRegistryOptions } from './runs/object-run-registry.js'
export type { RunRecord, RunStatus } from './runs/run-record.js'
export type { RunRef, RunRegistry } from './runs/run-registry.js'
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
export { formatAttemptResult, parseAttemptResult } from './writer/attempt-result-json.js'
export type { DiagnosticsEvents } from './util/events.js'
export type { Origin } from './util/origin.js'
export type { PublishedSnapshot } from './writer/published-snapshot.js'
export { requireCoverage } from './writer/require-coverage.js'
export { type Selection, selectWinners } from './writer/select-winners.js'
export type { ShardAttemptResult } from './writer/shard-attempt-result.js'
export type { ShardStats } from './writer/shard-sink.js'
export { readEntryFrames } from './writer/tasks/entry-frames.js'
export { type PlanOptions, planSnapshot } from './writer/tasks/plan-snapshot.js'
export {
  type PublishedTasks,
  type PublishOptions,
  publishSnapshot,
} from './writer/tasks/publish-snapshot.js'
export {
  formatSnapshotPlan,
  parseSnapshotPlan,
  type SnapshotPlan,
} from './writer/tasks/snapshot-plan.js'
export { type ShardAttemptOptions, writeShardAttempt } from './writer/tasks/write-shard-attempt.js'
export { type SealedShard, ShardWriter } from './writer/shard-writer.js'
export { SnapshotWriter } from './writer/snapshot-writer.js'
export type { WriteSnapshotOptions } from './writer/record-fields.js'
export { writeSnapshot } from './writer/write-snapshot.js'
