import { accessor, recordFields, type RecordOptions } from '../build/rows/record-fields.js'
import type { ShardingOption } from '../build/open/sharding-option.js'
import type { EntryChunk } from '../chunk/entry-chunk.js'
import { invalidValue } from '../errors/error-factories.js'
import { describeValue } from '../options/describe-value.js'
import type { Key, RoutingContext } from '../types.js'
import type { SchemaOption, ValuesOption, WrittenValue } from '../values/value-codec.js'
import type { SnapshotUpdaterOptions } from './updater-options.js'

/** Changes as records, packed chunks, or both. */
export type Changes<T> = Iterable<T | EntryChunk> | AsyncIterable<T | EntryChunk>

/** Options of `updateSnapshot`. */
export interface UpdateSnapshotOptions<
  T,
  V extends ValuesOption = ValuesOption,
  S extends SchemaOption = undefined,
>
  extends
    Omit<SnapshotUpdaterOptions, 'values' | 'schema'>,
    Pick<RecordOptions<T, V, S>, 'key' | 'value' | 'context' | 'values' | 'schema'> {
  /**
   * Which records delete their key: a property that is `true` or `false` (or missing), or a function.
   * By default a pair `[key, undefined]` deletes, and every other record puts.
   */
  deleted?: (keyof T & string) | ((record: T, index: number) => boolean) | undefined
}

/** The accessors of a record of changes. */
export interface ChangeFields<T, V extends ValuesOption, S extends SchemaOption> {
  readonly keyOf: (record: T, index: number) => Key
  readonly valueOf: (record: T, index: number) => WrittenValue<V, S>
  readonly contextOf: (record: T, index: number) => RoutingContext | undefined
  readonly isDelete: (record: T, index: number) => boolean
}

/** Makes the accessors, for a snapshot of this sharding. */
export function changeFields<T, V extends ValuesOption, S extends SchemaOption>(
  changes: Iterable<T> | AsyncIterable<T>,
  options: UpdateSnapshotOptions<T, V, S>,
  sharding: ShardingOption,
  where: string,
): ChangeFields<T, V, S> {
  const { key, value, context, values, deleted } = options
  const fields = recordFields<T, V, S>(
    changes,
    { prefix: options.prefix, sharding, key, value, context, values },
    where,
  )
  const { keyOf, valueOf, contextOf } = fields
  const isPair = value === undefined && key === undefined
  return { keyOf, valueOf, contextOf, isDelete: deleteGetter(deleted, isPair, where) }
}

function deleteGetter<T>(
  deleted: UpdateSnapshotOptions<T>['deleted'],
  isPair: boolean,
  where: string,
): (record: T, index: number) => boolean {
  if (deleted === undefined) {
    if (!isPair) return () => false
    return (record) => Array.isArray(record) && record.length === 2 && record[1] === undefined
  }
  const of = accessor(deleted, 'deleted', where)
  return (record, index) => {
    const is = of(record, index)
    if (is === true) return true
    if (is === false || is === undefined || is === null) return false
    // A text such as "false" must not delete.
    throw invalidValue(
      where,
      `deleted must be true or false, got ${describeValue(is)}; pass a function that decides`,
    )
  }
}
