import type { BuildFlags } from '../build/build-flags.js'

/** Options of `update`: those of `build` that are not facts of the snapshot, and its own. */
export interface UpdateFlags extends Pick<
  BuildFlags,
  | 'key'
  | 'value'
  | 'from'
  | 'keyAs'
  | 'valueAs'
  | 'header'
  | 'columns'
  | 'delimiter'
  | 'quote'
  | 'inferTypes'
  | 'onError'
  | 'rejectFile'
  | 'maxErrors'
  | 'runId'
  | 'resume'
  | 'retries'
  | 'maxRowsPerSecond'
  | 'maxBytesPerSecond'
  | 'workers'
  | 'concurrency'
  | 'memoryMib'
  | 'compression'
  | 'custom'
  | 'progress'
> {
  readonly deleteColumn?: string
  readonly tombstones?: true
  readonly expectedCurrent?: string
  readonly dryRun?: true
}
