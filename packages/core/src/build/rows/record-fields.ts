// Long because the types of records say in the compiler's messages what is missing.
import { ShardyfusionError } from '../../errors.js'
import { invalidKey, invalidOption, invalidValue } from '../../errors/error-factories.js'
import type { ShardingOption } from '../open/sharding-option.js'
import type { SnapshotWriterOptions } from '../snapshot-writer-options.js'
import { describeValue } from '../../options/describe-value.js'
import type { Key, KeyEncoding, KeyOf, RoutingContext } from '../../types.js'
import type { SchemaOption, ValuesOption, WrittenValue } from '../../values/value-codec.js'
import type { VectorInput } from '../../options/vector-values.js'
import type { VectorOption } from '../vector-option.js'
import type { RowVector } from './vector-row.js'

/**
 * Options of `writeSnapshot`: those of a SnapshotWriter, and how a record becomes key and value.
 *
 * `T` is a record. Records that are not pairs of a key and a value that fit need `key` and `value`.
 */
export type WriteSnapshotOptions<
  T,
  V extends ValuesOption = ValuesOption,
  S extends SchemaOption = undefined,
  E extends KeyEncoding = KeyEncoding,
> = RecordOptions<T, V, S, E> & RecordRules<T, V, S, E>

/** The same, without which of them records need. */
export interface RecordOptions<
  T,
  V extends ValuesOption = ValuesOption,
  S extends SchemaOption = undefined,
  E extends KeyEncoding = KeyEncoding,
> extends Omit<SnapshotWriterOptions, 'vector'> {
  /** The vectors of records: their dimensions, and how to find them. */
  vector?: RecordVectors<T> | undefined
  values?: V | undefined
  schema?: S | undefined
  keyEncoding?: E | undefined
  /**
   * The key of a record: a property name or a function; by default the first element of a `[key,
   * value]` pair.
   */
  key?: PropertyOf<T, KeyOf<E>> | ((record: T, index: number) => KeyOf<E>) | undefined
  /**
   * The value of a record: a property name or a function. By default the second element of a `[key,
   * value]` pair, or the whole record with `values: 'json'` or a codec.
   */
  value?:
    | PropertyOf<T, WrittenValue<V, S>>
    | ((record: T, index: number) => WrittenValue<V, S>)
    | undefined
  /** Columns for a CEL expression; by default those of the record, by name. */
  context?: ((record: T, index: number) => RoutingContext) | undefined
}

/** The names of the members that are an `X`, or of unknown type. */
export type PropertyOf<T, X> = {
  [P in keyof T & string]-?: unknown extends T[P] ? P : T[P] extends X ? P : never
}[keyof T & string]

/** Any record; it makes the compiler see a literal `[key, value]` as a pair. */
export type AnyRecord = [] | {} | null | undefined

/** The options that these records need: all, unless they are pairs of a key and a value that fit. */
export type RecordRules<
  T,
  V extends ValuesOption,
  S extends SchemaOption,
  E extends KeyEncoding,
> = KeyRule<NoInfer<T>, KeyOf<E>> & ValueRule<NoInfer<T>, V, WrittenValue<V, S>>

/** Only a `[key, value]` pair with a key of this encoding needs no option `key`. */
export interface RecordsNeedAKey {
  /** The option that is missing. */
  key: unknown
}

/** Only a `[key, value]` pair with such a value, or with a codec a whole record, needs no option `value`. */
export interface RecordsNeedAValue {
  /** The option that is missing. */
  value: unknown
}

/** Whether records of type `T` need the option `key`, for keys of type `K`. */
export type KeyRule<T, K> = [T] extends [readonly [K, unknown]]
  ? unknown
  : HasItem<T, K> extends true
    ? unknown
    : RecordsNeedAKey

/** Whether records of type `T` need the option `value`, for values of type `X`. */
export type ValueRule<T, V extends ValuesOption, X> = [T] extends [readonly [unknown, X]]
  ? unknown
  : [T] extends [readonly unknown[]]
    ? HasItem<T, X> extends true
      ? unknown
      : RecordsNeedAValue
    : V extends 'bytes' | 'utf8'
      ? RecordsNeedAValue
      : [T] extends [X]
        ? unknown
        : RecordsNeedAValue

/** True for an array of any length, which may be a pair, if it may have such an item. */
export type HasItem<T, X> = T extends readonly (infer I)[]
  ? number extends T['length']
    ? unknown extends I
      ? true
      : [Extract<I, X>] extends [never]
        ? false
        : true
    : false
  : false

/** The vectors of records; a property name or a function for each part. */
export interface RecordVectors<T> extends VectorOption {
  /** The vector of a record, `'vector'` by default; a record without one has only a key. At least one record must have one. */
  of?: (keyof T & string) | ((record: T, index: number) => VectorInput | undefined) | undefined
  /** The id in search results; the key by default. */
  id?: (keyof T & string) | ((record: T, index: number) => bigint | number | string) | undefined
  /** JSON data that search results repeat; none by default. */
  payload?: (keyof T & string) | ((record: T, index: number) => unknown) | undefined
}

/** The accessors of a record, and the remaining options for the writer. */
export interface RecordFields<T, V extends ValuesOption, S extends SchemaOption> {
  readonly keyOf: (record: T, index: number) => Key
  readonly valueOf: (record: T, index: number) => WrittenValue<V, S>
  readonly contextOf: (record: T, index: number) => RoutingContext | undefined
  readonly vectorOf: (record: T, index: number) => RowVector | undefined
  readonly writerOptions: SnapshotWriterOptions & {
    values?: V | undefined
    schema?: S | undefined
  }
}

/** Reads the options of `writeSnapshot`; the writer checks its own. */
export function recordFields<T, V extends ValuesOption, S extends SchemaOption>(
  records: Iterable<T> | AsyncIterable<T>,
  options: RecordOptions<T, V, S>,
  where = 'writeSnapshot',
): RecordFields<T, V, S> {
  requireRecords(records, where)
  const { key, value, context, vector, ...rest } = requireObject(options, where)
  const sharding = withExpectedRows(rest.sharding, records)
  return {
    keyOf: keyGetter(key, where),
    valueOf: valueGetter(value, rest.values, where),
    contextOf: contextGetter(context, sharding, where),
    vectorOf: vectorGetter(vector, where),
    writerOptions: {
      ...rest,
      sharding,
      ...(vector !== undefined && { vector: plainVectors(vector) }),
    },
  }
}

function keyGetter<T>(
  key: RecordOptions<T>['key'],
  where: string,
): (record: T, index: number) => Key {
  if (typeof key === 'function') return key
  if (key !== undefined) {
    const name: unknown = key
    requireName(name, 'key', where)
    return (record) => {
      const found = field(record, name, where)
      if (found === undefined) throw missingKey(record as object, name, where)
      return found as Key
    }
  }
  return (record) => pair(record, 'key', where)[0] as Key
}

function valueGetter<T, V extends ValuesOption, S extends SchemaOption>(
  value: RecordOptions<T, V, S>['value'],
  values: V | undefined,
  where: string,
): (record: T, index: number) => WrittenValue<V, S> {
  if (typeof value === 'function') return value
  if (value !== undefined) {
    const name: unknown = value
    requireName(name, 'value', where)
    return (record) => field(record, name, where) as WrittenValue<V, S>
  }
  return (record) => {
    if ((values === 'json' || typeof values === 'object') && !Array.isArray(record))
      return record as WrittenValue<V, S>
    return pair(record, 'value', where)[1] as WrittenValue<V, S>
  }
}

function contextGetter<T>(
  context: RecordOptions<T>['context'],
  sharding: ShardingOption,
  where: string,
): (record: T, index: number) => RoutingContext | undefined {
  if (context !== undefined) {
    if (typeof context === 'function') return context
    throw invalidOption(where, `context must be a function, got ${describeValue(context)}`)
  }
  // The options check refuses a value that is not an object.
  if (typeof sharding !== 'object' || sharding === null || !('cel' in sharding))
    return () => undefined
  if (typeof sharding.columns !== 'object' || sharding.columns === null) return () => undefined
  const columns = Object.keys(sharding.columns)
  if (columns.length === 1 && columns[0] === 'key') return () => undefined
  return (record) =>
    Object.fromEntries(columns.map((name) => [name, field(record, name, where)])) as RoutingContext
}

function vectorGetter<T>(
  vector: RecordVectors<T> | undefined,
  where: string,
): (record: T, index: number) => RowVector | undefined {
  if (vector === undefined) return () => undefined
  const { of = 'vector' as keyof T & string, id, payload } = requireObject(vector, where)
  const vectorOf = accessor(of, 'vector.of', where)
  const idOf = id === undefined ? undefined : accessor(id, 'vector.id', where)
  const payloadOf = payload === undefined ? undefined : accessor(payload, 'vector.payload', where)
  return (record, index) => {
    const found = vectorOf(record, index)
    if (found === undefined || found === null) return undefined
    return {
      vector: found as VectorInput,
      ...(idOf && { id: idOf(record, index) as bigint }),
      ...(payloadOf && { payload: payloadOf(record, index) }),
    }
  }
}

/** Returns what reads a part of a record: `given`, or the property of that name. */
export function accessor<T>(
  given: string | ((record: T, index: number) => unknown),
  option: string,
  where: string,
): (record: T, index: number) => unknown {
  if (typeof given === 'function') return given
  requireName(given, option, where)
  return (record) => field(record, given, where)
}

/** The members that the writer checks. */
function plainVectors<T>(vector: RecordVectors<T>): VectorOption {
  const plain: RecordVectors<T> = { ...vector }
  for (const name of ['of', 'id', 'payload'] as const) delete plain[name]
  return plain
}

function pair(record: unknown, option: 'key' | 'value', where: string): readonly unknown[] {
  if (Array.isArray(record) && record.length === 2) return record
  throw invalidOption(
    where,
    `${option} must be a property name or a function, unless records are [key, value] pairs; ` +
      `got ${describeValue(record)} as a record`,
  )
}

function field(record: unknown, name: string, where: string): unknown {
  if (typeof record === 'object' && record !== null)
    return (record as Readonly<Record<string, unknown>>)[name]
  throw invalidValue(
    where,
    `a record must be an object with "${name}", got ${describeValue(record)}`,
  )
}

function missingKey(record: object, name: string, where: string): ShardyfusionError {
  return invalidKey(
    where,
    `a record must have its key in the property "${name}", got undefined; ${namesOf(record)}`,
  )
}

/**
 * The error of records that all lack a vector, although the option `vector` is given: its name is probably misspelt.
 */
export function missingVectors<T>(
  record: T,
  rows: number,
  { of = 'vector' as keyof T & string }: RecordVectors<T>,
  where: string,
): ShardyfusionError {
  const source = typeof of === 'function' ? 'the function vector.of' : `the property "${of}"`
  return invalidOption(
    where,
    `vector.of must be the vector of a record, but ${source} was null or undefined in all ${rows} records; ` +
      `${namesOf(record)}; leave the option vector out if there are no vectors`,
  )
}

/** At most this many names of properties are in a message. */
const LISTED = 20

function namesOf(record: unknown): string {
  const names = typeof record === 'object' && record !== null ? Object.keys(record) : []
  if (names.length === 0) return 'the record has no properties'
  const more = names.length > LISTED ? ', …' : ''
  return `the properties of the record are ${names.slice(0, LISTED).join(', ')}${more}`
}

function requireName(name: unknown, option: string, where: string): asserts name is string {
  if (typeof name === 'string') return
  throw invalidOption(
    where,
    `${option} must be a property name or a function, got ${describeValue(name)}`,
  )
}

function requireRecords(records: unknown, where: string): void {
  // Text is iterable letter by letter, which is never intended.
  const iterable = typeof records === 'object' && records !== null
  if (iterable && (Symbol.asyncIterator in records || Symbol.iterator in records)) return
  throw invalidOption(
    where,
    `records must be an iterable or async iterable of records, got ${describeValue(records)}`,
  )
}

function requireObject<O extends object>(options: O, where: string): O {
  if (typeof options === 'object' && options !== null) return options
  throw invalidOption(where, `options must be an object, got ${describeValue(options)}`)
}

/** Adds the number of records, if it is known, for `maxKeysPerShard`. */
function withExpectedRows(sharding: ShardingOption, records: object): ShardingOption {
  if (typeof sharding !== 'object' || sharding === null) return sharding
  if (!('maxKeysPerShard' in sharding) || sharding.expectedRows !== undefined) return sharding
  const { length, size } = records as { length?: unknown; size?: unknown }
  const expectedRows = typeof length === 'number' ? length : size
  return typeof expectedRows === 'number' ? { ...sharding, expectedRows } : sharding
}

/** Adds the number of the record to the error of a bad key or value. */
export function inRecord(error: unknown, index: number): unknown {
  const { code, message, retryable, details } = error as ShardyfusionError
  if (code !== 'SHARD_INVALID_KEY' && code !== 'SHARD_INVALID_VALUE' && code !== 'SHARD_ROUTING')
    return error
  return new ShardyfusionError(code, `record ${index}: ${message}`, {
    retryable,
    details: { ...details, record: index },
    cause: error,
  })
}
