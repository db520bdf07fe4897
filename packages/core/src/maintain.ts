// The maintenance of published snapshots: history, rollback, cleanup and verification.

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
export {
  type CleanupPlan,
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
export type { VerifySnapshotOptions } from './maintain/verify/verify-options.js'
export { verifySnapshot } from './maintain/verify/verify-snapshot.js'
export type {
  FindingKind,
  VerifiedShard,
  VerifyFinding,
  VerifyProgress,
  VerifyReport,
} from './maintain/verify/verify-types.js'
export { writeHttpIndex } from './store/http/http-index.js'
export type { ManifestRef } from './snapshot/catalog/manifest-store.js'
export type { RunRecord, RunStatus } from './snapshot/runs/run-record.js'
