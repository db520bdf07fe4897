import type { ManifestRef } from '../../snapshot/catalog/manifest-store.js'

/** One unit that a cleanup removes as a whole. */
export interface CleanupAction {
  /**
   * `old-run`: a published snapshot that is no longer wanted. `superseded-shards`: of an old run whose
   * other shards remaining snapshots name, its manifests and the shards that none of them names.
   * `unfinished-run`: data of a run that
   * has published nothing. `stale-attempts`: data of a kept run that none of its manifests names.
   * `run-record`: a record whose run left nothing else.
   */
  readonly kind:
    | 'old-run'
    | 'superseded-shards'
    | 'unfinished-run'
    | 'stale-attempts'
    | 'run-record'
  /** Id of the run. */
  readonly runId: string
  /** Manifests to remove, before anything else. */
  readonly manifests: readonly string[]
  /** Everything below these URLs is removed. */
  readonly urls: readonly string[]
  /** Run records to remove, after everything else. */
  readonly records: readonly string[]
  /** Number of objects at the time of planning, and their bytes. */
  readonly objects: number
  /** Bytes that the action removes. */
  readonly bytes: number
  /** The reason, for people. */
  readonly reason: string
}

/** The outcome of an action. */
export interface CleanupOutcome extends CleanupAction {
  /** `skipped` if, before it was removed, the run came into use again or disappeared. */
  readonly outcome: 'planned' | 'deleted' | 'skipped' | 'failed'
  /** Objects that were removed. */
  readonly objectsDeleted: number
  /** The reason for skipping or failing. */
  readonly note: string | undefined
  /** The failure, if there was one. */
  readonly error: unknown
}

/** A run that stays, and the reason. */
export interface KeptRun {
  /** Id of the run. */
  readonly runId: string
  /** Why the run stays. */
  readonly reason: KeepReason
  /** Details, for people. */
  readonly note: string
}

/** Why a run stays. */
export type KeepReason =
  | 'current'
  | 'kept'
  | 'recent'
  | 'live'
  | 'young'
  | 'referenced'
  | 'unreadable'
  | 'not-asked'

/** Something that a cleanup could not judge and left unchanged. */
export interface CleanupProblem {
  /** Id of the run. */
  readonly runId: string
  /** What could not be judged, and why. */
  readonly message: string
  /** The failure, if there was one. */
  readonly error: unknown
}

/** The result of a cleanup. */
export interface CleanupReport {
  /** URL of the table. */
  readonly prefix: string
  /** Whether it only reports. */
  readonly dryRun: boolean
  /** The manifest that the pointer names. */
  readonly current: ManifestRef | undefined
  /** Each action with its outcome. */
  readonly actions: readonly CleanupOutcome[]
  /** Runs that stay, each with its reason. */
  readonly kept: readonly KeptRun[]
  /** Runs that could not be judged. */
  readonly problems: readonly CleanupProblem[]
  /** Sums over the actions; in a dry run, over those planned. */
  readonly objects: number
  /** Bytes that were removed. */
  readonly bytes: number
}

/** Progress of a cleanup; reported after every checked run and every action. */
export interface CleanupProgress {
  /** Reading the list of runs, or removing data. */
  readonly phase: 'surveying' | 'deleting'
  /** Runs that are done. */
  readonly done: number
  /** Runs in total. */
  readonly total: number
}
