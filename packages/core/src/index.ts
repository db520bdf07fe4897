// The common names: build a snapshot, read it, choose its store. The other entries are `extend`,
// `maintain`, `tasks` and `testing`.

// Build.
export { writeSnapshot } from './build/write-snapshot.js'
export type {
  AnyRecord,
  HasItem,
  KeyRule,
  PropertyOf,
  RecordOptions,
  RecordRules,
  RecordsNeedAKey,
  RecordsNeedAValue,
  ValueRule,
  WriteSnapshotOptions,
} from './build/rows/record-fields.js'
export { SnapshotWriter } from './build/snapshot-writer.js'
export type { PublishedSnapshot } from './build/publish/published-snapshot.js'
export { ShardWriter } from './build/shard-writer.js'
export type { SealedShard } from './build/sealed-shard.js'
export { type CelByColumnsOptions, celShardingByColumns } from './routing/cel/cel-by-columns.js'

// Update.
export { planUpdate, updateSnapshot } from './update/update-snapshot.js'
export { SnapshotUpdater } from './update/snapshot-updater.js'
export type { Changes, UpdateSnapshotOptions } from './update/change-fields.js'
export type { SnapshotUpdaterOptions } from './update/updater-options.js'
export type { UpdateProgress } from './update/update-progress.js'
export type { PlannedShard, UpdatedSnapshot, UpdatePlan } from './update/updated-snapshot.js'

// Read.
export { SnapshotReader } from './read/snapshot-reader.js'
export type { ReaderHealth, ShardDetail, SnapshotInfo } from './read/snapshot-info.js'
export { ShardReader } from './read/shard-reader.js'
export type { ScanIterator } from './read/scan/scan-iterator.js'
export type { EntryChunk } from './chunk/entry-chunk.js'
export type { HitChunk } from './chunk/hit-chunk.js'
export type { VectorId } from './chunk/vector-chunk.js'
export type { VectorFields } from './snapshot/vector-fields.js'
export type { VectorInput } from './options/vector-values.js'
export type { QueryInput } from './read/search/search-queries.js'
export type {
  SearchFilter,
  SearchOptions,
  SnapshotSearchOptions,
} from './read/search/search-options.js'
export type { SearchHit, SearchResult } from './read/search/search-result.js'
export type { VectorCandidate, VectorMetric } from './engine/vector-engine.js'
export type { RecordVectors } from './build/rows/record-fields.js'
export type { RowVector } from './build/rows/vector-row.js'
export type { VectorOption } from './build/vector-option.js'

// Stores of snapshots.
export { openObjectStore } from './store/open-store.js'
export { memoryStore, MemoryStore } from './store/memory-store.js'
export { FileStore } from '#node/store/file/file-store'
export type { FileStoreOptions } from './store/file/file-store.js'
export { HttpStore, type HttpStoreOptions } from './store/http/http-store.js'
export type {
  S3Credentials,
  S3CredentialsProvider,
  S3Options,
} from './store/s3/connect/s3-options.js'
export { objectCatalog, type ObjectCatalogOptions } from './snapshot/catalog/object-catalog.js'
export { slatedb, type SlateDbOptions } from './slatedb/slatedb.js'
export { type BytesSource, loadSlateDb, type WasmSource } from './slatedb/wasm/load-slatedb.js'
export type { Compression, SlateDbSettings } from './slatedb/slatedb-settings.js'
export { sqlite } from './sqlite/sqlite.js'
export type { SqliteMode, SqliteOptions, SqlitePageSize } from './sqlite/sqlite-options.js'

// Options.
export type { BuildProgress, BuildWarning } from './build/build-progress.js'
export type { ShardingOption } from './build/open/sharding-option.js'
export type { WriteRateLimit } from './build/rows/batch-options.js'
export type { ShardWriterOptions } from './build/shard-writer-options.js'
export type { RetryPolicy } from './build/shard/retry-policy.js'
export type { SnapshotWriterOptions } from './build/snapshot-writer-options.js'
export type { ReadOptions } from './read/lookup/read-options.js'
export type { ScanOptions, SnapshotScanOptions } from './read/scan/scan-options.js'
export type { ShardReaderOptions } from './read/shard-reader-options.js'
export type { AutoRefresh } from './read/session/auto-refresh.js'
export type { ReadRateLimit, SnapshotReaderOptions } from './read/snapshot-reader-options.js'
export type { CelShardingOption } from './routing/cel/cel-sharding-option.js'
export type {
  CelType,
  Entry,
  Key,
  DecodedKeyOf,
  KeyEncoding,
  KeyOf,
  KeyRange,
  RoutingContext,
  RoutingValue,
} from './types.js'
export { jsonReplacer } from './text/json-form.js'
export { jsonValues } from './values/json-values.js'
export type { SchemaIssue, SchemaResult, StandardSchema } from './values/standard-schema.js'
export type { ValueCodec, ValuesOption } from './values/value-codec.js'

// Errors and events.
export { isShardyfusionError, ShardyfusionError } from './errors.js'
export type { ErrorCode, ErrorDetails } from './errors.js'
export type { DiagnosticsEvents } from './diagnostics/events.js'
export type { DiagnosticsTraces, StoreOperation, TraceEnd } from './diagnostics/traces.js'
export type { ReaderStats, ShardReaderStats } from './diagnostics/reader-stats.js'
