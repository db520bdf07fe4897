import type { SnapshotWriterSync } from '@shardyfusion/sync'
import type { Row } from '../input/row.js'
import type { RowSource } from '../input/row-source.js'
import { isLibraryError } from '../util/describe-error.js'
import type { InterruptGuard } from '../util/interrupt.js'
import { Failure } from '../util/usage-error.js'
import type { BuildView } from './build-view.js'
import { RecordPlaces } from './record-places.js'

export interface LoadRowsOptions {
  readonly interrupts: InterruptGuard
  readonly view: BuildView
  readonly allowEmpty: boolean
}

/**
 * Puts every row of the source, a piece of input at a time.
 *
 * Errors: Failure with file and line for a row the library refuses; Interrupted; those of the source.
 */
export async function loadRows(
  source: RowSource,
  writer: SnapshotWriterSync,
  { interrupts, view, allowEmpty }: LoadRowsOptions,
): Promise<void> {
  const places = new RecordPlaces()
  const batches = source.batches()
  for (
    let next = await interrupts.race(batches.next());
    next.done !== true;
    next = await interrupts.race(batches.next())
  ) {
    places.add(source.name, next.value)
    putRows(next.value, writer, places)
    view.rowsPut(places.records)
  }
  if (places.records > 0 || allowEmpty) return
  throw new Failure(`${source.name}: there are no rows; --allow-empty publishes an empty snapshot`)
}

function putRows(rows: readonly Row[], writer: SnapshotWriterSync, places: RecordPlaces): void {
  try {
    for (const { key, value, context } of rows) writer.put(key, value, context)
  } catch (error) {
    const record = isLibraryError(error) ? error.details['record'] : undefined
    const place = typeof record === 'number' ? places.find(record) : undefined
    if (place === undefined) throw error
    const cause = (error as Error).cause ?? error
    throw new Failure(`${place}: ${(cause as Error).message}`, { cause: error })
  }
}
