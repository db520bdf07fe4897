import type {
  CleanupReport,
  CleanupSnapshotsOptions,
  ListedRun,
  ListedSnapshot,
  ListRunsOptions,
  ListSnapshotsOptions,
  Rollback,
  RollbackOptions,
  VerifyReport,
  VerifySnapshotOptions,
} from '@shardyfusion/core/maintain'
import type { StorageOptions } from '@shardyfusion/core/extend'
import type { CallLimits } from './bridge/sleep.js'
import { type CoreBridge, currentBridge } from './bridge/current-bridge.js'
import { splitOptions, type SyncOptions } from './options.js'
import type { Packed } from './protocol/calls.js'
import type { EventMail, ListenerName } from './protocol/streams.js'
import { unpackErrors } from '@shardyfusion/core/internal'
import type { WireOptions } from './protocol/wire-options.js'

/** Options of `listSnapshotsSync`. */
export type ListSnapshotsSyncOptions = SyncOptions<ListSnapshotsOptions>
/** Options of `listRunsSync`. */
export type ListRunsSyncOptions = SyncOptions<ListRunsOptions>
/** Options of `rollbackSnapshotSync`. */
export type RollbackSyncOptions = SyncOptions<RollbackOptions>
/** Options of `cleanupSnapshotsSync`. */
export type CleanupSnapshotsSyncOptions = SyncOptions<CleanupSnapshotsOptions>
/** Options of `verifySnapshotSync`. */
export type VerifySnapshotSyncOptions = SyncOptions<VerifySnapshotOptions>

/** Lists published snapshots, newest first: `listSnapshots` of core, with its errors. */
export function listSnapshotsSync(options: ListSnapshotsSyncOptions): ListedSnapshot[] {
  return runJob<ListSnapshotsOptions, ListedSnapshot[]>(
    options,
    'listSnapshotsSync',
    (bridge, ...of) => bridge.call('listSnapshots', ...of),
  )
}

/** Lists the records of writers, newest first: `listRuns` of core, with its errors. */
export function listRunsSync(options: ListRunsSyncOptions): ListedRun[] {
  return runJob<ListRunsOptions, ListedRun[]>(options, 'listRunsSync', (bridge, ...of) =>
    bridge.call('listRuns', ...of),
  )
}

/** Makes a snapshot current that was published before: `rollbackSnapshot` of core, with its errors. */
export function rollbackSnapshotSync(options: RollbackSyncOptions): Rollback {
  return runJob<RollbackOptions, Rollback>(options, 'rollbackSnapshotSync', (bridge, ...of) =>
    bridge.call('rollbackSnapshot', ...of),
  )
}

/** Removes what is no longer needed below a prefix: `cleanupSnapshots` of core, with its errors. */
export function cleanupSnapshotsSync(options: CleanupSnapshotsSyncOptions): CleanupReport {
  return runJob<CleanupSnapshotsOptions, CleanupReport>(
    options,
    'cleanupSnapshotsSync',
    (bridge, ...of) => bridge.call('cleanupSnapshots', ...of),
  )
}

/** Reads every shard of a snapshot and compares it with the manifest: `verifySnapshot` of core, with its errors. */
export function verifySnapshotSync(options: VerifySnapshotSyncOptions): VerifyReport {
  return runJob<VerifySnapshotOptions, VerifyReport>(
    options,
    'verifySnapshotSync',
    (bridge, ...of) => bridge.call('verifySnapshot', ...of),
  )
}

type JobArgs<O> = [options: WireOptions<O>, to: number, hears: readonly ListenerName[]]

/** Runs a function of core in the worker; its callbacks run here, while this thread waits. */
function runJob<O extends StorageOptions, R>(
  options: SyncOptions<O>,
  where: string,
  run: (bridge: CoreBridge, args: JobArgs<O>, limits: CallLimits) => Packed<R>,
): R {
  const { bridge: here, signal, listeners, wire } = splitOptions<O>(options, where)
  const bridge = currentBridge(here.workerUrl, where)
  const id = bridge.newId()
  bridge.listen(id, (body) => {
    const { event, value } = body as EventMail
    listeners[event]?.(unpackErrors(value))
  })
  try {
    const hears = Object.keys(listeners) as ListenerName[]
    const { packed } = run(bridge, [wire, id, hears], { where, timeoutMs: here.timeoutMs, signal })
    return unpackErrors(packed) as R
  } finally {
    bridge.unlisten(id)
  }
}
