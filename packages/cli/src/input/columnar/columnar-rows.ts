import { BadRow, type BadRowPolicy } from '../bad-row.js'
import type { LineTally } from '../line-tally.js'
import type { Row } from '../row.js'
import type { RowOptions } from '../row-options.js'
import type { ColumnarInput } from './columnar-input.js'
import { columnarRow } from './columnar-row.js'
import { recordJson } from './record-json.js'

/** Reads the rows of a Parquet or Arrow file in its batches. */
export async function* columnarRows(
  input: ColumnarInput,
  options: RowOptions,
  bad: BadRowPolicy,
  tally: LineTally,
): AsyncGenerator<readonly Row[]> {
  let line = 0
  for await (const batch of input.batches()) {
    const rows: Row[] = []
    for (const record of batch) {
      line++
      try {
        rows.push(columnarRow(record, line, options))
        tally.accepted++
      } catch (error) {
        if (!(error instanceof BadRow)) throw error
        tally.skipped++
        bad.reject(error.message, { file: input.name, line }, () => sourceOf(record))
      }
    }
    if (rows.length > 0) yield rows
  }
}

/** The record for the file of rejected rows. A value that is not JSON makes it text. */
function sourceOf(record: unknown): string {
  try {
    return recordJson(record)
  } catch {
    return String(Object.values(record as object))
  }
}
