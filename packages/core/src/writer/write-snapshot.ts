import { ShardyfusionError } from '../errors.js'
import { describeValue, type ShardingOption, type SnapshotWriterOptions } from '../options.js'
import type { Key, RoutingContext, ValueEncoding } from '../types.js'
import { abortableRecords } from '../util/abortable-records.js'
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
  requireRecords(records)
  const { key, value, context, ...writerOptions } = requireObject(options)
  const sharding = withExpectedRows(writerOptions.sharding, records)
  const keyOf = keyGetter(key)
  const valueOf = valueGetter(value, writerOptions.valueEncoding)
  const contextOf = contextGetter(context, sharding)
  const { signal } = writerOptions
  const writer = await SnapshotWriter.open<E>({ ...writerOptions, sharding })
  let index = 0
  try {
    // `for await` would cost a promise for every row of a plain array.
    if (Symbol.asyncIterator in records) {
      const source = signal === undefined ? records : abortableRecords(records, signal)
      for await (const record of source) {
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

function keyGetter<T>(key: WriteSnapshotOptions<T>['key']): (record: T, index: number) => Key {
  if (typeof key === 'function') return key
  if (key !== undefined) {
    requireName(key, 'key')
    return (record) => field(record, key) as Key
  }
  return (record) => pair(record, 'key')[0] as Key
}

function valueGetter<T, E extends ValueEncoding>(
  value: WriteSnapshotOptions<T, E>['value'],
  encoding: E | undefined,
): (record: T, index: number) => ValueInput<E> {
  if (typeof value === 'function') return value
  if (value !== undefined) {
    requireName(value, 'value')
    return (record) => field(record, value) as ValueInput<E>
  }
  return (record) => {
    if (encoding === 'json' && !Array.isArray(record)) return record as ValueInput<E>
    return pair(record, 'value')[1] as ValueInput<E>
  }
}

function contextGetter<T>(
  context: WriteSnapshotOptions<T>['context'],
  sharding: ShardingOption,
): (record: T, index: number) => RoutingContext | undefined {
  if (context !== undefined) {
    if (typeof context === 'function') return context
    throw invalidOption(`context must be a function, got ${describeValue(context)}`)
  }
  // What is no object at all is refused where options are checked.
  if (typeof sharding !== 'object' || sharding === null || !('cel' in sharding))
    return () => undefined
  if (typeof sharding.columns !== 'object' || sharding.columns === null) return () => undefined
  const columns = Object.keys(sharding.columns)
  if (columns.length === 1 && columns[0] === 'key') return () => undefined
  return (record) =>
    Object.fromEntries(
      columns.map((name) => [name, field(record, name as keyof T & string)]),
    ) as RoutingContext
}

function pair(record: unknown, option: 'key' | 'value'): readonly unknown[] {
  if (Array.isArray(record) && record.length === 2) return record
  throw invalidOption(
    `${option} must be a property name or a function, unless records are [key, value] pairs; ` +
      `got ${describeValue(record)} as a record`,
  )
}

function field<T>(record: T, name: keyof T & string): unknown {
  if (record !== null && record !== undefined) return record[name]
  throw new ShardyfusionError(
    'SHARD_INVALID_VALUE',
    `writeSnapshot: a record must be an object with "${name}", got ${describeValue(record)}`,
    { details: { peer: 'ConfigValidationError' } },
  )
}

function requireName(name: unknown, option: 'key' | 'value'): void {
  if (typeof name === 'string') return
  throw invalidOption(`${option} must be a property name or a function, got ${describeValue(name)}`)
}

function requireRecords(records: unknown): void {
  // Text is iterable, letter by letter, which nobody means.
  const iterable = typeof records === 'object' && records !== null
  if (iterable && (Symbol.asyncIterator in records || Symbol.iterator in records)) return
  throw invalidOption(
    `records must be an iterable or async iterable of records, got ${describeValue(records)}`,
  )
}

function requireObject<O extends object>(options: O): O {
  if (typeof options === 'object' && options !== null) return options
  throw invalidOption(`options must be an object, got ${describeValue(options)}`)
}

function invalidOption(problem: string): ShardyfusionError {
  return new ShardyfusionError('SHARD_INVALID_OPTION', `writeSnapshot: ${problem}`, {
    details: { peer: 'ConfigValidationError' },
  })
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
