import type { ShardyfusionError } from '../errors.js'
import { invalidOption } from '../errors/error-factories.js'
import type { KeyEncoding } from '../types.js'
import type { SchemaOption, ValuesOption } from '../values/value-codec.js'
import type { PublishedSnapshot } from './publish/published-snapshot.js'
import { inferSharding, infersValues, isReadAgain } from './open/infer-sharding.js'
import { forEachRecord } from './rows/for-each-record.js'
import {
  type AnyRecord,
  missingVectors,
  recordFields,
  type RecordOptions,
  type RecordVectors,
  type WriteSnapshotOptions,
} from './rows/record-fields.js'
import { SnapshotBuild } from './snapshot-build.js'
import { snapshotWriterOptionsSchema } from './snapshot-writer-options.js'
import { requireNames } from '../options/require-names.js'

const WHERE = 'writeSnapshot'
const KNOWN = [...Object.keys(snapshotWriterOptionsSchema.entries), 'key', 'value', 'context']
const KNOWN_OF_VECTORS = ['dimensions', 'metric', 'of', 'id', 'payload']

/** The work of `writeSnapshot`, which loads this module. */
export async function buildFromRecords<
  T extends AnyRecord,
  const V extends ValuesOption = 'bytes',
  S extends SchemaOption = undefined,
  E extends KeyEncoding = 'u64be',
>(
  records: Iterable<T> | AsyncIterable<T>,
  options: WriteSnapshotOptions<T, V, S, E>,
): Promise<PublishedSnapshot> {
  requireNames(options, KNOWN, WHERE)
  requireNames(options?.vector, KNOWN_OF_VECTORS, WHERE, 'vector')
  const fields = recordFields<T, V, S>(records, options as RecordOptions<T, V, S>)
  const { keyOf, valueOf, contextOf, vectorOf, writerOptions } = fields
  const { signal } = writerOptions
  const twice = infersValues(writerOptions.sharding) && isReadAgain(records)
  const inferred = twice ? await inferSharding(records, fields) : undefined
  const writer = await SnapshotBuild.open<V, S, KeyEncoding>({
    ...writerOptions,
    sharding: inferred?.sharding ?? writerOptions.sharding,
  })
  let rows: number
  let last: T | undefined
  let hasVectors = false
  try {
    rows = await forEachRecord(records, signal, (record, index) => {
      const vector = vectorOf(record, index)
      hasVectors ||= vector !== undefined
      last = record
      return writer.put(
        keyOf(record, index),
        valueOf(record, index),
        contextOf(record, index),
        vector,
      )
    })
    if (options.vector !== undefined && !hasVectors && rows > 0)
      throw missingVectors(last, rows, options.vector as RecordVectors<unknown>, WHERE)
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
