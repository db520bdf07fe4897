import type { ShardyfusionError } from '../errors.js'
import { invalidOption } from '../errors/error-factories.js'
import type { SchemaOption, ValuesOption } from '../values/value-codec.js'
import { abortableRecords } from '../async/abortable-records.js'
import type { PublishedSnapshot } from './publish/published-snapshot.js'
import { inferSharding, infersValues, isReadAgain } from './open/infer-sharding.js'
import { inRecord, recordFields, type WriteSnapshotOptions } from './rows/record-fields.js'
import { SnapshotWriter } from './snapshot-writer.js'

/**
 * Builds a snapshot from records and publishes it: the main job in one call.
 *
 * Shape: any iterable or async iterable, such as an array, a Map, a generator or a stream. It is
 * read once, or twice for `sharding.values: 'infer'` if it is a collection. Errors: those of
 * SnapshotWriter, with the number of the record; nothing is published then, and written data is
 * removed.
 *
 * @example
 * await writeSnapshot(cities, { prefix, sharding: { shards: 8 }, key: 'id', values: 'json'
 * })
 */
export async function writeSnapshot<
  T,
  const V extends ValuesOption = 'bytes',
  S extends SchemaOption = undefined,
>(
  records: Iterable<T> | AsyncIterable<T>,
  options: WriteSnapshotOptions<T, V, S>,
): Promise<PublishedSnapshot> {
  const fields = recordFields(records, options)
  const { keyOf, valueOf, contextOf, vectorOf, writerOptions } = fields
  const { signal } = writerOptions
  const twice = infersValues(writerOptions.sharding) && isReadAgain(records)
  const inferred = twice ? await inferSharding(records, fields) : undefined
  const writer = await SnapshotWriter.open<V, S>({
    ...writerOptions,
    sharding: inferred?.sharding ?? writerOptions.sharding,
  })
  let index = 0
  const put = (record: T) =>
    writer.putSync(
      keyOf(record, index),
      valueOf(record, index),
      contextOf(record, index),
      vectorOf(record, index),
    )
  try {
    // `for await` would cost a promise for every row of a plain array.
    if (Symbol.asyncIterator in records) {
      const source = signal === undefined ? records : abortableRecords(records, signal)
      for await (const record of source) {
        const wait = put(record)
        if (wait !== undefined) await wait
        index++
      }
    } else {
      for (const record of records) {
        const wait = put(record)
        if (wait !== undefined) await wait
        index++
      }
    }
  } catch (error) {
    await writer.close(error).catch(() => {})
    throw inRecord(error, index)
  }
  if (inferred !== undefined && inferred.rows !== index) {
    const error = changedRecords(inferred.rows, index)
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
