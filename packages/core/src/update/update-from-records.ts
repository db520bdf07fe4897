import { forEachRecord } from '../build/rows/for-each-record.js'
import { EntryChunk } from '../chunk/entry-chunk.js'
import { invalidOption } from '../errors/error-factories.js'
import { describeValue } from '../options/describe-value.js'
import type { SchemaOption, ValuesOption, WrittenValue } from '../values/value-codec.js'
import { changeFields, type Changes, type UpdateSnapshotOptions } from './change-fields.js'
import { SnapshotUpdate } from './snapshot-update.js'
import { updaterOptionsSchema } from './updater-options.js'
import { requireNames } from '../options/require-names.js'

const KNOWN = [...Object.keys(updaterOptionsSchema.entries), 'key', 'value', 'context', 'deleted']

/** Opens an update of the current snapshot, puts all changes, and calls `end`. */
export async function withChanges<T, const V extends ValuesOption, S extends SchemaOption, R>(
  changes: Changes<T>,
  options: UpdateSnapshotOptions<T, V, S>,
  where: string,
  end: (updater: SnapshotUpdate<WrittenValue<V, S>>) => Promise<R>,
): Promise<R> {
  if (typeof options !== 'object' || options === null)
    throw invalidOption(where, `options must be an object, got ${describeValue(options)}`)
  requireNames(options, KNOWN, where)
  const { key: _key, value: _value, context: _context, deleted: _deleted, ...rest } = options
  const updater = await SnapshotUpdate.open<V, S>(rest)
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
  updater: SnapshotUpdate<WrittenValue<V, S>>,
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
    if (isDelete(record, index)) return updater.delete(key, context)
    return updater.put(key, valueOf(record, index), context)
  })
}
