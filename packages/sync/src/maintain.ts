// The life of published snapshots, without `await`: history, rollback, cleanup and verification.
export {
  cleanupSnapshotsSync,
  type CleanupSnapshotsSyncOptions,
  listRunsSync,
  type ListRunsSyncOptions,
  listSnapshotsSync,
  type ListSnapshotsSyncOptions,
  rollbackSnapshotSync,
  type RollbackSyncOptions,
  verifySnapshotSync,
  type VerifySnapshotSyncOptions,
} from './maintenance-sync.js'
