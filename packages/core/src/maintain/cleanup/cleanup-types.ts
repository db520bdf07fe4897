import type { ManifestRef } from '../../snapshot/catalog/manifest-store.js'

/** One thing a cleanup removes, whole. */
export interface CleanupAction {
  /**
   * `old-run`: a published snapshot that is no longer wanted. `unfinished-run`: data of a run that has published nothing.
   * `stale-attempts`: data of a kept run that no manifest of it names. `run-record`: a record whose run left nothing else.
   */
  readonly kind: 'old-run' | 'unfinished-run' | 'stale-attempts' | 'run-record'
  readonly runId: string
  /** Manifests that go, before anything else. */
  readonly manifests: readonly string[]
  /** Everything below these URLs goes. */
  readonly urls: readonly string[]
  /** Run records that go, after everything else. */
  readonly records: readonly string[]
  /** Objects there were when it was planned, and their bytes. */
  readonly objects: number
  readonly bytes: number
  /** Why, for people. */
  readonly reason: string
}

/** What became of an action. */
export interface CleanupOutcome extends CleanupAction {
  /** `skipped` if the run came into use again, or was gone, before it was removed. */
  readonly outcome: 'planned' | 'deleted' | 'skipped' | 'failed'
  readonly objectsDeleted: number
  /** Why it was skipped or failed. */
  readonly note: string | undefined
  readonly error: unknown
}

/** A run that stays, and why. */
export interface KeptRun {
  readonly runId: string
  readonly reason: KeepReason
  /** Details, for people. */
  readonly note: string
}

export type KeepReason =
  | 'current'
  | 'kept'
  | 'recent'
  | 'live'
  | 'young'
  | 'referenced'
  | 'unreadable'
  | 'not-asked'

/** Something a cleanup could not judge, and left alone. */
export interface CleanupProblem {
  readonly runId: string
  readonly message: string
  readonly error: unknown
}

export interface CleanupReport {
  readonly prefix: string
  readonly dryRun: boolean
  readonly current: ManifestRef | undefined
  readonly actions: readonly CleanupOutcome[]
  readonly kept: readonly KeptRun[]
  readonly problems: readonly CleanupProblem[]
  /** Sums over the actions; in a dry run of what would be deleted. */
  readonly objects: number
  readonly bytes: number
}

/** How far a cleanup has come; told after every run looked at and every action. */
export interface CleanupProgress {
  readonly phase: 'surveying' | 'deleting'
  readonly done: number
  readonly total: number
}
