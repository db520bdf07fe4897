import { forEachRecord } from '../build/rows/for-each-record.js'
import { EntryChunk } from '../chunk/entry-chunk.js'
import { invalidOption } from '../errors/error-factories.js'
import { describeValue } from '../options/describe-value.js'
import type { SchemaOption, ValuesOption, WrittenValue } from '../values/value-codec.js'
import { changeFields, type UpdateSnapshotOptions } from './change-fields.js'
import { SnapshotUpdater } from './snapshot-updater.js'
import type { UpdatedSnapshot, UpdatePlan } from './updated-snapshot.js'

/** Changes as records, packed chunks, or both. */
export type Changes<T> = Iterable<T | EntryChunk> | AsyncIterable<T | EntryChunk>

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
  return withChanges(changes, options, 'planUpdate', (updater) => Promise.resolve(updater.plan()))
}

async function withChanges<T, const V extends ValuesOption, S extends SchemaOption, R>(
  changes: Changes<T>,
  options: UpdateSnapshotOptions<T, V, S>,
  where: string,
  end: (updater: SnapshotUpdater<WrittenValue<V, S>>) => Promise<R>,
): Promise<R> {
  if (typeof options !== 'object' || options === null)
    throw invalidOption(where, `options must be an object, got ${describeValue(options)}`)
  const { key: _key, value: _value, context: _context, deleted: _deleted, ...rest } = options
  const updater = await SnapshotUpdater.open<V, S>(rest)
  try {
    await takeAll(updater, changes, options, where)
    return await end(updater)
  } catch (error) {
    await updater.close(error).catch(() => {})
    throw error
  } finally {
    await updater.close()
  }
}

async function takeAll<T, V extends ValuesOption, S extends SchemaOption>(
  updater: SnapshotUpdater<WrittenValue<V, S>>,
  changes: Changes<T>,
  options: UpdateSnapshotOptions<T, V, S>,
  where: string,
): Promise<void> {
  const records = changes as Iterable<T> | AsyncIterable<T>
  const fields = changeFields(records, options, updater.sharding, where)
  const { keyOf, valueOf, contextOf, isDelete } = fields
  await forEachRecord(records, options.signal, (record, index) => {
    if (record instanceof EntryChunk) return updater.putChunk(record)
    const key = keyOf(record, index)
    const context = contextOf(record, index)
    if (isDelete(record, index)) return updater.deleteSync(key, context)
    return updater.putSync(key, valueOf(record, index), context)
  })
}
