import { abortableRecords } from '../../async/abortable-records.js'
import { yieldEvery } from '../../async/yield-if-due.js'
import { inRecord } from './record-fields.js'

/** Records that also come in batches, as those of `@shardyfusion/input` do. */
export interface BatchedRecords<T> extends AsyncIterable<T> {
  batches(): AsyncIterable<readonly T[]>
}

/**
 * Takes record after record; returns their number. If `take` returns a promise, it is awaited before
 * the next record.
 *
 * Errors: those of the source and of `take`, with the number of the record; the signal's reason.
 */
export async function forEachRecord<T>(
  records: Iterable<T> | AsyncIterable<T>,
  signal: AbortSignal | undefined,
  take: (record: T, index: number) => Promise<void> | undefined,
): Promise<number> {
  const at = { index: 0 }
  try {
    await takeRecords(records, signal, (record) => take(record, at.index), at)
    return at.index
  } catch (error) {
    throw inRecord(error, at.index)
  }
}

/**
 * The same for callers that number records themselves. `at.index` is the number of the record that is read or taken.
 *
 * Errors: those of the source and of `take`, unchanged; the signal's reason.
 */
export async function takeRecords<T>(
  records: Iterable<T> | AsyncIterable<T>,
  signal: AbortSignal | undefined,
  take: (record: T) => Promise<void> | undefined,
  at = { index: 0 },
): Promise<void> {
  // A promise for every row costs more than the row: arrays and batches need none.
  const takeAll = async (batch: Iterable<T>): Promise<void> => {
    for (const record of batch) {
      const wait = take(record)
      if (wait !== undefined) await wait
      at.index++
      const turn = yieldEvery(1)
      if (turn === undefined) continue
      await turn
      signal?.throwIfAborted()
    }
  }
  if (isBatched(records)) {
    for await (const batch of untilAborted(records.batches(), signal)) await takeAll(batch)
  } else if (Symbol.asyncIterator in records) {
    for await (const record of untilAborted(records, signal)) {
      const wait = take(record)
      if (wait !== undefined) await wait
      at.index++
      // The source may continue as a microtask each time, and the signal could then never abort.
      const turn = yieldEvery(1)
      if (turn !== undefined) await turn
    }
  } else await takeAll(records)
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
