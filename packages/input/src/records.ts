/**
 * One row: a value by column.
 *
 * 64-bit integers are bigints, smaller ones and floats are numbers. Decimals are text with all their
 * digits, or bigints if they have no fraction. Dates, times and timestamps are ISO 8601 text with all
 * their digits; `Z` ends a timestamp in UTC. Binary data is a `Uint8Array`, an absent value is null.
 * Lists are arrays; structs and maps are objects.
 */
export type InputRecord = Record<string, unknown>

/** The rows of a file. Every iteration reads the file again. */
export interface Records extends AsyncIterable<InputRecord> {
  /** The rows in batches, which cost less than a promise per row. */
  batches(): AsyncGenerator<InputRecord[], void, void>
  /** Number of rows and columns; reads the footer or the schema only. */
  info(): Promise<RecordsInfo>
}

/** Columns and size of the input. */
export interface RecordsInfo {
  /** `undefined` for a stream, which does not know it. */
  readonly rows: number | undefined
  /** The columns. */
  readonly columns: readonly RecordColumn[]
}

/** A column of the input. */
export interface RecordColumn {
  /** Name of the column. */
  readonly name: string
  /** The type as the format names it, such as `INT64` or `TIMESTAMP(MICROS, UTC)`. */
  readonly type: string
}

/** Makes records of batches, with one resolved promise per row and no generator between. */
export function recordsOf(
  batches: () => AsyncGenerator<InputRecord[], void, void>,
  info: () => Promise<RecordsInfo>,
): Records {
  return { batches, info, [Symbol.asyncIterator]: () => rowByRow(batches()) }
}

function rowByRow(
  batches: AsyncGenerator<InputRecord[], void, void>,
): AsyncIterableIterator<InputRecord> {
  let batch: readonly InputRecord[] = []
  let at = 0
  const advance = async (): Promise<IteratorResult<InputRecord>> => {
    while (at >= batch.length) {
      const next = await batches.next()
      if (next.done === true) return { done: true, value: undefined }
      batch = next.value
      at = 0
    }
    return { done: false, value: batch[at++]! }
  }
  return {
    next: () =>
      at < batch.length ? Promise.resolve({ done: false, value: batch[at++]! }) : advance(),
    async return() {
      await batches.return()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
