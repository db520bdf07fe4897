import type {
  UpdatedSnapshot,
  UpdatePlan,
  UpdateSnapshotOptions,
  ValuesOption,
} from '@shardyfusion/core'
import type { SchemaOption, WrittenValue } from '@shardyfusion/core/extend'
import {
  changeFields,
  describeValue,
  EntryChunk,
  inRecord,
  isShardyfusionError,
  ShardyfusionError,
} from '@shardyfusion/core/internal'
import type { BridgeOptions, SnapshotUpdaterSyncOptions, SyncOptions } from '../options.js'
import { SnapshotUpdaterSync } from './snapshot-updater-sync.js'

/** Options of `updateSnapshotSync`. */
export type UpdateSnapshotSyncOptions<
  T,
  V extends ValuesOption = ValuesOption,
  S extends SchemaOption = undefined,
> = SyncOptions<UpdateSnapshotOptions<T, V, S>>

/**
 * Makes the next snapshot from the current one and changes, and publishes it without `await`: `updateSnapshot` of core,
 * whose shards are merged by a worker thread.
 *
 * Shape: any iterable of records; a pair `[key, undefined]` deletes, or the records that `deleted` names. Packed chunks
 * put their entries. Errors: those of SnapshotUpdaterSync, with the number of the record; nothing is published then.
 *
 * @example
 * updateSnapshotSync(changes, { prefix, key: 'id', values: 'json', deleted: 'isDeleted' })
 */
export function updateSnapshotSync<
  T,
  const V extends ValuesOption = 'bytes',
  S extends SchemaOption = undefined,
>(changes: Iterable<T | EntryChunk>, options: UpdateSnapshotSyncOptions<T, V, S>): UpdatedSnapshot {
  return withChanges(changes, options, 'updateSnapshotSync', (updater) => updater.publish())
}

/** Reads changes as `updateSnapshotSync` does, and returns which shards it would write; writes nothing. */
export function planUpdateSync<
  T,
  const V extends ValuesOption = 'bytes',
  S extends SchemaOption = undefined,
>(changes: Iterable<T | EntryChunk>, options: UpdateSnapshotSyncOptions<T, V, S>): UpdatePlan {
  return withChanges(changes, options, 'planUpdateSync', (updater) => updater.plan())
}

function withChanges<T, const V extends ValuesOption, S extends SchemaOption, R>(
  changes: Iterable<T | EntryChunk>,
  options: UpdateSnapshotSyncOptions<T, V, S>,
  where: string,
  end: (updater: SnapshotUpdaterSync<WrittenValue<V, S>>) => R,
): R {
  requireIterable(changes, where)
  const { key: _key, value: _value, context: _context, deleted: _deleted, ...rest } = options
  const updater = SnapshotUpdaterSync.open<V, S>(
    rest as unknown as SnapshotUpdaterSyncOptions &
      BridgeOptions & { values?: V | undefined; schema?: S | undefined },
  )
  let index = 0
  try {
    const { keyOf, valueOf, contextOf, isDelete } = changeFields<T, V, S>(
      changes as Iterable<T>,
      // It does not handle engine and store, which differ.
      options as unknown as UpdateSnapshotOptions<T, V, S>,
      updater.sharding,
      where,
    )
    for (const record of changes) {
      if (record instanceof EntryChunk) updater.putChunk(record)
      else if (isDelete(record, index))
        updater.delete(keyOf(record, index), contextOf(record, index))
      else updater.put(keyOf(record, index), valueOf(record, index), contextOf(record, index))
      index++
    }
    return end(updater)
  } catch (error) {
    closeQuietly(updater, error)
    throw named(error) ? error : inRecord(error, index)
  } finally {
    updater.close()
  }
}

/** Whether the error says in which record it was: those from the worker come later than their record. */
function named(error: unknown): boolean {
  return isShardyfusionError(error) && error.details['record'] !== undefined
}

/** The error of the update is what the caller must hear. */
function closeQuietly(updater: { close(reason: unknown): void }, reason: unknown): void {
  try {
    updater.close(reason)
  } catch {
    // See above.
  }
}

function requireIterable(changes: unknown, where: string): void {
  const iterable = typeof changes === 'object' && changes !== null
  if (iterable && Symbol.iterator in changes) return
  const hint =
    iterable && Symbol.asyncIterator in changes
      ? '; async iterables and streams need updateSnapshot of @shardyfusion/core'
      : ''
  throw new ShardyfusionError(
    'SHARD_INVALID_OPTION',
    `${where}: changes must be an iterable of records, got ${describeValue(changes)}${hint}`,
    { details: { peer: 'ConfigValidationError' } },
  )
}
