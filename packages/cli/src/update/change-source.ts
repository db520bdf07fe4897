import type { SnapshotUpdaterSync } from '@shardyfusion/sync'
import { rowSourceOptions } from '../build/row-flags.js'
import type { BadRowPolicy } from '../input/bad-row.js'
import { openRowSource, type RowSource } from '../input/row-source.js'
import { UsageError } from '../util/usage-error.js'
import type { UpdateFlags } from './update-flags.js'

/** The name of a key column that was not given one. */
const NO_COLUMN = '_key'

/**
 * Opens the changes of an update; keys and columns of the expression are those of the snapshot.
 *
 * Errors: UsageError.
 */
export function openChanges(
  paths: readonly string[],
  flags: UpdateFlags,
  bad: BadRowPolicy,
  { keyColumn, keyEncoding, sharding }: SnapshotUpdaterSync,
): RowSource {
  const key = flags.key ?? (keyColumn === NO_COLUMN ? undefined : keyColumn)
  const columns = 'cel' in sharding ? Object.entries(sharding.columns) : undefined
  const celColumn = columns?.map(([name, type]) => `${name}:${type}`)
  const options = rowSourceOptions(
    paths,
    {
      ...flags,
      keyEncoding,
      ...(key !== undefined && { key }),
      ...('cel' in sharding && { cel: sharding.cel }),
      ...(celColumn !== undefined && { celColumn }),
    },
    bad,
    'update',
  )
  const { deleteColumn, tombstones = false } = flags
  const deletes =
    deleteColumn === undefined && !tombstones ? undefined : { column: deleteColumn, tombstones }
  return openRowSource({ ...options, rows: { ...options.rows, deletes } })
}

/** Rejects conflicting options before the snapshot is opened. Errors: UsageError. */
export function checkChangeFlags({ tombstones, value, deleteColumn, key }: UpdateFlags): void {
  if (tombstones && value === undefined)
    throw new UsageError(
      'update: --tombstones needs --value, the column whose missing value deletes the key',
    )
  if (deleteColumn !== undefined && (deleteColumn === key || deleteColumn === value))
    throw new UsageError(
      `update: --delete-column must not be the column of the key or the value, got "${deleteColumn}"`,
    )
}
