import type { KeyEncoding, PublishedSnapshot, ValuesOption } from '@shardyfusion/core'
import type { SchemaOption } from '@shardyfusion/core/extend'
import {
  type AnyRecord,
  describeValue,
  inRecord,
  isShardyfusionError,
  recordFields,
  type RecordOptions,
  type RecordRules,
  ShardyfusionError,
} from '@shardyfusion/core/internal'
import type { BridgeOptions, SnapshotWriterSyncOptions, SyncOptions } from '../options.js'
import { SnapshotWriterSync } from './snapshot-writer-sync.js'

/** Options of `writeSnapshotSync`. */
export type WriteSnapshotSyncOptions<
  T,
  V extends ValuesOption = ValuesOption,
  S extends SchemaOption = undefined,
  E extends KeyEncoding = KeyEncoding,
> = SyncOptions<RecordOptions<T, V, S, E>> & RecordRules<T, V, S, E>

/**
 * Builds a snapshot from records and publishes it without `await`: `writeSnapshot` of core, whose shards are written by
 * a worker thread while this one goes through the records.
 *
 * Shape: any iterable, such as an array, a Map or a generator; it is read once. Streams and async iterables need core.
 * Errors: those of SnapshotWriterSync, with the number of the record; nothing is published then and written objects are
 * removed.
 *
 * @example
 * writeSnapshotSync(cities, { prefix, sharding: { shards: 8 }, key: 'id', values: 'json' })
 */
export function writeSnapshotSync<
  T extends AnyRecord,
  const V extends ValuesOption = 'bytes',
  S extends SchemaOption = undefined,
  E extends KeyEncoding = 'u64be',
>(records: Iterable<T>, options: WriteSnapshotSyncOptions<T, V, S, E>): PublishedSnapshot {
  requireIterable(records)
  const { keyOf, valueOf, contextOf, vectorOf, writerOptions } = recordFields<T, V, S>(
    records,
    // It does not handle engine and store, which differ.
    options as RecordOptions<T, V, S>,
  )
  const writer = SnapshotWriterSync.open<V, S, KeyEncoding>(
    writerOptions as SnapshotWriterSyncOptions &
      BridgeOptions & { values?: V | undefined; schema?: S | undefined },
  )
  let index = 0
  try {
    for (const record of records) {
      writer.put(
        keyOf(record, index),
        valueOf(record, index),
        contextOf(record, index),
        vectorOf(record, index),
      )
      index++
    }
    return writer.publish()
  } catch (error) {
    closeQuietly(writer, error)
    throw named(error) ? error : inRecord(error, index)
  } finally {
    writer.close()
  }
}

/** Whether the error says in which record it was: those from the worker come later than their record. */
function named(error: unknown): boolean {
  return isShardyfusionError(error) && error.details['record'] !== undefined
}

/** The error of the build is what the caller must hear. */
function closeQuietly(writer: { close(reason: unknown): void }, reason: unknown): void {
  try {
    writer.close(reason)
  } catch {
    // See above.
  }
}

function requireIterable(records: unknown): void {
  const iterable = typeof records === 'object' && records !== null
  if (!iterable || Symbol.iterator in records) return
  const hint =
    Symbol.asyncIterator in records
      ? '; async iterables and streams need writeSnapshot of @shardyfusion/core'
      : ''
  throw new ShardyfusionError(
    'SHARD_INVALID_OPTION',
    `writeSnapshotSync: records must be an iterable of records, got ${describeValue(records)}${hint}`,
    { details: { peer: 'ConfigValidationError' } },
  )
}
