import { abortableRecords } from '../../async/abortable-records.js'
import { inRecord } from './record-fields.js'

/** Records that also come in batches, as those of `@shardyfusion/input` do. */
export interface BatchedRecords<T> extends AsyncIterable<T> {
  batches(): AsyncIterable<readonly T[]>
}

/**
 * Takes record after record; returns their number. If `take` returns a promise, it is awaited before
 * the next record.
 *
 * Errors: those of the source and of `take`, with the number of the record.
 */
export async function forEachRecord<T>(
  records: Iterable<T> | AsyncIterable<T>,
  signal: AbortSignal | undefined,
  take: (record: T, index: number) => Promise<void> | undefined,
): Promise<number> {
  let index = 0
  try {
    // A promise for every row costs more than the row: arrays and batches need none.
    if (isBatched(records)) {
      for await (const batch of untilAborted(records.batches(), signal)) {
        for (const record of batch) {
          const wait = take(record, index)
          if (wait !== undefined) await wait
          index++
        }
      }
    } else if (Symbol.asyncIterator in records) {
      for await (const record of untilAborted(records, signal)) {
        const wait = take(record, index)
        if (wait !== undefined) await wait
        index++
      }
    } else {
      for (const record of records) {
        const wait = take(record, index)
        if (wait !== undefined) await wait
        index++
      }
    }
    return index
  } catch (error) {
    throw inRecord(error, index)
  }
}

function untilAborted<T>(
  records: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncIterable<T> {
  return signal === undefined ? records : abortableRecords(records, signal)
}

function isBatched<T>(records: Iterable<T> | AsyncIterable<T>): records is BatchedRecords<T> {
  return (
    Symbol.asyncIterator in records &&
    typeof (records as Partial<BatchedRecords<T>>).batches === 'function'
  )
}
