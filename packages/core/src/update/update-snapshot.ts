import { loadCode } from '../errors/load-code.js'
import type { SchemaOption, ValuesOption } from '../values/value-codec.js'
import type { Changes, UpdateSnapshotOptions } from './change-fields.js'
import type { UpdatedSnapshot, UpdatePlan } from './updated-snapshot.js'

/**
 * Makes the next snapshot from the current one and changes, and publishes it; see `SnapshotUpdater`.
 *
 * Shape: any iterable or async iterable of records; a pair `[key, undefined]` deletes, or the records
 * that `deleted` names. Packed chunks put their entries. The last change of a key counts. Errors:
 * those of SnapshotUpdater, with the number of the record; nothing is published then, and written
 * data is removed.
 *
 * @example
 * await updateSnapshot(changes, { prefix, key: 'id', values: 'json', deleted: (row) => row.op === 'delete' })
 */
export async function updateSnapshot<
  T = never,
  const V extends ValuesOption = 'bytes',
  S extends SchemaOption = undefined,
>(changes: Changes<T>, options: UpdateSnapshotOptions<T, V, S>): Promise<UpdatedSnapshot> {
  // Loaded here, because programs that only read do not need the code of updates.
  const loading = import('./update-from-records.js')
  const { withChanges } = await loadCode(loading, 'updateSnapshot')
  return withChanges(changes, options, 'updateSnapshot', (updater) => updater.publish())
}

/**
 * Reads changes as `updateSnapshot` does, and returns which shards it would write; writes nothing.
 *
 * Errors: as `updateSnapshot`.
 */
export async function planUpdate<
  T = never,
  const V extends ValuesOption = 'bytes',
  S extends SchemaOption = undefined,
>(changes: Changes<T>, options: UpdateSnapshotOptions<T, V, S>): Promise<UpdatePlan> {
  const loading = import('./update-from-records.js')
  const { withChanges } = await loadCode(loading, 'planUpdate')
  return withChanges(changes, options, 'planUpdate', (updater) => Promise.resolve(updater.plan()))
}
