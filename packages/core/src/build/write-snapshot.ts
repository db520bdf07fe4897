import { loadCode } from '../errors/load-code.js'
import type { KeyEncoding } from '../types.js'
import type { SchemaOption, ValuesOption } from '../values/value-codec.js'
import type { PublishedSnapshot } from './publish/published-snapshot.js'
import type { AnyRecord, WriteSnapshotOptions } from './rows/record-fields.js'

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
  // Loaded here, because programs that only read do not need the code of builds.
  const loading = import('./build-from-records.js')
  const { buildFromRecords } = await loadCode(loading, 'writeSnapshot')
  return buildFromRecords(records, options)
}
