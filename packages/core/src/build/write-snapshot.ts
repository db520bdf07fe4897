import type { ShardyfusionError } from '../errors.js'
import { invalidOption } from '../errors/error-factories.js'
import type { KeyEncoding } from '../types.js'
import type { SchemaOption, ValuesOption } from '../values/value-codec.js'
import type { PublishedSnapshot } from './publish/published-snapshot.js'
import { inferSharding, infersValues, isReadAgain } from './open/infer-sharding.js'
import { forEachRecord } from './rows/for-each-record.js'
import {
  type AnyRecord,
  recordFields,
  type RecordOptions,
  type WriteSnapshotOptions,
} from './rows/record-fields.js'
import { SnapshotWriter } from './snapshot-writer.js'

/**
 * Builds a snapshot from records and publishes it: the main job in one call.
 *
 * Shape: any iterable or async iterable, such as an array, a Map, a generator or a stream; one with a
 * method `batches()` is read by it, which costs no promise for each row. It is read once, or twice for
 * `sharding.values: 'infer'` if it is a collection. Errors: those of SnapshotWriter, with the number of
 * the record; nothing is published then, and written data is removed.
 *
 * @example
 * await writeSnapshot(cities, { prefix, sharding: { shards: 8 }, key: 'id', values: 'json' })
 */
export async function writeSnapshot<
  T extends AnyRecord,
  const V extends ValuesOption = 'bytes',
  S extends SchemaOption = undefined,
  E extends KeyEncoding = 'u64be',
>(
  records: Iterable<T> | AsyncIterable<T>,
  options: WriteSnapshotOptions<T, V, S, E>,
): Promise<PublishedSnapshot> {
  const fields = recordFields<T, V, S>(records, options as RecordOptions<T, V, S>)
  const { keyOf, valueOf, contextOf, vectorOf, writerOptions } = fields
  const { signal } = writerOptions
  const twice = infersValues(writerOptions.sharding) && isReadAgain(records)
  const inferred = twice ? await inferSharding(records, fields) : undefined
  const writer = await SnapshotWriter.open<V, S, KeyEncoding>({
    ...writerOptions,
    sharding: inferred?.sharding ?? writerOptions.sharding,
  })
  let rows: number
  try {
    rows = await forEachRecord(records, signal, (record, index) =>
      writer.putSync(
        keyOf(record, index),
        valueOf(record, index),
        contextOf(record, index),
        vectorOf(record, index),
      ),
    )
  } catch (error) {
    await writer.close(error).catch(() => {})
    throw error
  }
  if (inferred !== undefined && inferred.rows !== rows) {
    const error = changedRecords(inferred.rows, rows)
    await writer.close(error).catch(() => {})
    throw error
  }
  try {
    return await writer.publish()
  } finally {
    await writer.close()
  }
}

function changedRecords(first: number, second: number): ShardyfusionError {
  return invalidOption(
    'writeSnapshot',
    `records are read twice for sharding.values: 'infer', but had ${first} rows, then ${second}; pass a ` +
      'collection that stays the same, or a generator, which is read once',
    { details: { first, second } },
  )
}
