import { ShardyfusionError } from '../errors.js'
import { describeValue, type ShardingOption, type SnapshotWriterOptions } from '../options.js'
import type { Key, RoutingContext, ValueEncoding } from '../types.js'
import type { PublishedSnapshot } from './published-snapshot.js'
import { SnapshotWriter } from './snapshot-writer.js'
import type { ValueInput } from './value-encoder.js'

export interface WriteSnapshotOptions<
  T,
  E extends ValueEncoding = ValueEncoding,
> extends SnapshotWriterOptions {
  valueEncoding?: E | undefined
  /** The key of a record: a property name or a function; by default the first of a `[key, value]` pair. */
  key?: (keyof T & string) | ((record: T, index: number) => Key) | undefined
  /**
   * The value of a record: a property name or a function. By default the second of a `[key, value]` pair, or the
   * whole record with `valueEncoding: 'json'`.
   */
  value?: (keyof T & string) | ((record: T, index: number) => ValueInput<E>) | undefined
  /** Columns for a CEL expression; by default those of the record, by name. */
  context?: ((record: T, index: number) => RoutingContext) | undefined
}

/**
 * Builds a snapshot from records and publishes it: the main job in one call.
 *
 * Shape: any iterable or async iterable, such as an array, a Map, a generator or a stream; it is read once.
 * Errors: those of SnapshotWriter, with the number of the record; nothing is published then and what was written is removed.
 *
 * @example
 * await writeSnapshot(cities, { prefix, sharding: { shards: 8 }, key: 'id', valueEncoding: 'json' })
 */
export async function writeSnapshot<T, E extends ValueEncoding = 'bytes'>(
  records: Iterable<T> | AsyncIterable<T>,
  options: WriteSnapshotOptions<T, E>,
): Promise<PublishedSnapshot> {
  const { key, value, context, ...writerOptions } = options
  requireIterable(records)
  const sharding = withExpectedRows(writerOptions.sharding, records)
  const writer = await SnapshotWriter.open<E>({ ...writerOptions, sharding })
  const keyOf = keyGetter(key)
  const valueOf = valueGetter(value, options.valueEncoding)
  const contextOf = contextGetter(context, sharding)
  let index = 0
  try {
    // `for await` would cost a promise for every row of a plain array.
    if (Symbol.asyncIterator in records) {
      for await (const record of records) {
        const wait = writer.putSync(
          keyOf(record, index),
          valueOf(record, index),
          contextOf(record, index),
        )
        if (wait !== undefined) await wait
        index++
      }
    } else {
      for (const record of records) {
        const wait = writer.putSync(
          keyOf(record, index),
          valueOf(record, index),
          contextOf(record, index),
        )
        if (wait !== undefined) await wait
        index++
      }
    }
  } catch (error) {
    await writer.close().catch(() => {})
    throw inRecord(error, index)
  }
  try {
    return await writer.publish()
  } finally {
    await writer.close()
  }
}

function requireIterable(records: unknown): void {
  const { [Symbol.iterator]: sync, [Symbol.asyncIterator]: async } = Object(records) as Partial<
    Iterable<unknown> & AsyncIterable<unknown>
  >
  if (typeof sync === 'function' || typeof async === 'function') return
  throw new ShardyfusionError(
    'SHARD_INVALID_OPTION',
    `writeSnapshot: records must be an iterable or an async iterable, such as an array or a stream, got ` +
      describeValue(records),
    { details: { peer: 'ConfigValidationError' } },
  )
}

function keyGetter<T>(key: WriteSnapshotOptions<T>['key']): (record: T, index: number) => Key {
  if (typeof key === 'function') return key
  if (key !== undefined) return (record) => record[key] as Key
  return (record) => pair(record, 'key')[0] as Key
}

function valueGetter<T, E extends ValueEncoding>(
  value: WriteSnapshotOptions<T, E>['value'],
  encoding: E | undefined,
): (record: T, index: number) => ValueInput<E> {
  if (typeof value === 'function') return value
  if (value !== undefined) return (record) => record[value] as ValueInput<E>
  return (record) => {
    if (encoding === 'json' && !Array.isArray(record)) return record as ValueInput<E>
    return pair(record, 'value')[1] as ValueInput<E>
  }
}

function contextGetter<T>(
  context: WriteSnapshotOptions<T>['context'],
  sharding: ShardingOption,
): (record: T, index: number) => RoutingContext | undefined {
  if (context !== undefined) return context
  if (!('cel' in sharding)) return () => undefined
  const columns = Object.keys(sharding.columns)
  if (columns.length === 1 && columns[0] === 'key') return () => undefined
  return (record) =>
    Object.fromEntries(columns.map((name) => [name, record[name as keyof T]])) as RoutingContext
}

function pair(record: unknown, option: 'key' | 'value'): readonly unknown[] {
  if (Array.isArray(record) && record.length === 2) return record
  throw new ShardyfusionError(
    'SHARD_INVALID_OPTION',
    `writeSnapshot: ${option} must be a property name or a function, unless records are [key, value] pairs; ` +
      `got ${describeValue(record)} as a record`,
    { details: { peer: 'ConfigValidationError' } },
  )
}

/** Counts what can be counted, for `maxKeysPerShard`. */
function withExpectedRows(sharding: ShardingOption, records: object): ShardingOption {
  if (typeof sharding !== 'object' || sharding === null) return sharding
  if (!('maxKeysPerShard' in sharding) || sharding.expectedRows !== undefined) return sharding
  const { length, size } = records as { length?: unknown; size?: unknown }
  const expectedRows = typeof length === 'number' ? length : size
  return typeof expectedRows === 'number' ? { ...sharding, expectedRows } : sharding
}

/** Says in which record a bad key or value was. */
function inRecord(error: unknown, index: number): unknown {
  const { code, message, retryable, details } = error as ShardyfusionError
  if (code !== 'SHARD_INVALID_KEY' && code !== 'SHARD_INVALID_VALUE' && code !== 'SHARD_ROUTING')
    return error
  return new ShardyfusionError(code, `record ${index}: ${message}`, {
    retryable,
    details: { ...details, record: index },
    cause: error,
  })
}
