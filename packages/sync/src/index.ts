// Readers and writers without `await`. The functions for published snapshots are in `maintain`.
export type {
  BridgeOptions,
  CallOptions,
  ReadCallOptions,
  ScanCallOptions,
  ShardReaderSyncOptions,
  ShardWriterSyncOptions,
  SnapshotReaderSyncOptions,
  SnapshotScanCallOptions,
  SnapshotUpdaterSyncOptions,
  SnapshotWriterSyncOptions,
  SyncOptions,
  SyncCatalogOption,
} from './options.js'
export type { SearchCallOptions } from './search/search-call.js'
export type { ScanIteratorSync } from './scan/scan-iterator-sync.js'
export { ShardReaderSync } from './read/shard-reader-sync.js'
export { ShardWriterSync } from './write/shard-writer-sync.js'
export { SnapshotReaderSync } from './read/snapshot-reader-sync.js'
export { SnapshotWriterSync } from './write/snapshot-writer-sync.js'
export { writeSnapshotSync, type WriteSnapshotSyncOptions } from './write/write-snapshot-sync.js'
export { SnapshotUpdaterSync } from './write/snapshot-updater-sync.js'
export {
  planUpdateSync,
  updateSnapshotSync,
  type UpdateSnapshotSyncOptions,
} from './write/update-snapshot-sync.js'
