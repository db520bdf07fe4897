import type { SnapshotWriterSync } from '@shardyfusion/sync'
import type { Row } from '../input/row.js'
import type { RowSource } from '../input/row-source.js'
import { isLibraryError } from '../util/describe-error.js'
import type { InterruptGuard } from '../util/interrupt.js'
import { Failure } from '../util/usage-error.js'
import type { BuildView } from './build-view.js'
import { type CountedRows, requireSameLines } from './count-rows.js'
import type { RecordPlaces } from './record-places.js'

export interface LoadRowsOptions {
  readonly places: RecordPlaces
  readonly interrupts: InterruptGuard
  readonly view: BuildView
  readonly allowEmpty: boolean
  /** The result of the counting pass; `undefined` if there was none. */
  readonly counted: CountedRows | undefined
}

/** The rows of a source, the first batch of which is being read. */
export interface StartedRows {
  readonly batches: AsyncGenerator<readonly Row[]>
  readonly first: Promise<IteratorResult<readonly Row[]>>
}

export function startRows(source: RowSource): StartedRows {
  const batches = source.batches()
  const first = batches.next()
  // Reported by the loop that awaits it.
  first.catch(() => {})
  return { batches, first }
}

/**
 * Writes every row of the source, one batch at a time.
 *
 * Errors: those of the source and the writer; Interrupted; Failure if there are no rows.
 */
export async function loadRows(
  source: RowSource,
  rows: StartedRows,
  writer: SnapshotWriterSync,
  { places, interrupts, view, allowEmpty, counted }: LoadRowsOptions,
): Promise<void> {
  const { batches } = rows
  for (
    let next = await interrupts.race(rows.first);
    next.done !== true;
    next = await interrupts.race(batches.next())
  ) {
    places.add(source.name, next.value)
    for (const { key, value, context, vector } of next.value)
      writer.put(key, value, context, vector)
    view.recordsTaken(places.records)
  }
  if (counted !== undefined) requireSameLines(counted, source.lines.read)
  if (places.records > 0 || allowEmpty) return
  throw new Failure(
    `${source.name}: expected at least one row, got none; pass --allow-empty to publish an empty snapshot`,
  )
}

/** Adds file and line to the writer's error about a row. The writer knows only the row's number. */
export function withPlace(error: unknown, places: RecordPlaces): unknown {
  const record = isLibraryError(error) ? error.details['record'] : undefined
  const place = typeof record === 'number' ? places.find(record) : undefined
  if (place === undefined) return error
  const cause = (error as Error).cause ?? error
  return new Failure(`${place}: ${(cause as Error).message}`, { cause: error })
}
