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
  SnapshotWriterSyncOptions,
  SyncOptions,
} from './options.js'
export type { ScanIteratorSync } from './scan-iterator-sync.js'
export { ShardReaderSync } from './shard-reader-sync.js'
export { ShardWriterSync } from './shard-writer-sync.js'
export { SnapshotReaderSync } from './snapshot-reader-sync.js'
export { SnapshotWriterSync } from './snapshot-writer-sync.js'
export { writeSnapshotSync, type WriteSnapshotSyncOptions } from './write-snapshot-sync.js'
