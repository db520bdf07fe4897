import { isUtf8 } from 'node:buffer'
import { Failure } from '../util/usage-error.js'
import { BadRow, type BadRowPolicy } from './bad-row.js'
import { CsvBroken, CsvParser, type CsvRecord } from './csv-parser.js'
import { csvRow, type CsvColumns, csvColumns } from './csv-row.js'
import { invalidLines } from './invalid-lines.js'
import { NOT_UTF8 } from './limits.js'
import type { LineTally } from './line-tally.js'
import type { Input } from './open-input.js'
import type { Row } from './row.js'
import type { CsvOptions, RowOptions } from './row-options.js'
import { wholeLines } from './whole-lines.js'

/**
 * Rows of CSV or TSV, as many at a time as a piece of the input holds; blank lines are left out.
 *
 * Errors: BadRow goes to the policy. A quote that is out of place ends the build whatever the policy: where the next
 * row begins is not known then.
 */
export async function* csvRows(
  input: Input,
  csv: CsvOptions,
  options: RowOptions,
  bad: BadRowPolicy,
  tally: LineTally,
): AsyncGenerator<readonly Row[]> {
  const parser = new CsvParser(csv)
  const rows = new CsvRows(input.name, csv, options, bad, tally)
  let lines = 0
  try {
    for await (const piece of wholeLines(input)) {
      const notUtf8 = isUtf8(piece) ? undefined : invalidLines(piece, lines + 1)
      const batch = rows.take(parser.take(piece.toString()), notUtf8)
      lines = input.linesRead
      if (batch.length > 0) yield batch
    }
    parser.end()
  } catch (error) {
    if (!(error instanceof CsvBroken)) throw error
    throw new Failure(
      `${input.name}:${error.line}: ${error.message}, so that the next row cannot be found; ` +
        'if quotes are data there, pass --quote none',
      { cause: error },
    )
  }
  tally.leftOut += parser.blankLines
}

class CsvRows {
  readonly #file: string
  readonly #csv: CsvOptions
  readonly #options: RowOptions
  readonly #bad: BadRowPolicy
  readonly #tally: LineTally
  #columns: CsvColumns | undefined

  constructor(
    file: string,
    csv: CsvOptions,
    options: RowOptions,
    bad: BadRowPolicy,
    tally: LineTally,
  ) {
    this.#file = file
    this.#csv = csv
    this.#options = options
    this.#bad = bad
    this.#tally = tally
  }

  take(records: readonly CsvRecord[], notUtf8: ReadonlySet<number> | undefined): Row[] {
    const rows: Row[] = []
    for (const record of records) {
      try {
        requireUtf8(record, notUtf8)
        const row = this.#row(record)
        if (row === undefined) continue
        this.#tally.taken += record.lines
        rows.push(row)
      } catch (error) {
        if (!(error instanceof BadRow)) throw error
        this.#tally.skipped += record.lines
        const place = { file: this.#file, line: record.line }
        this.#bad.reject(error.message, place, () => record.text)
      }
    }
    return rows
  }

  #row(record: CsvRecord): Row | undefined {
    const { cells, line, lines } = record
    if (this.#columns === undefined) {
      const { header, columns } = this.#csv
      this.#columns = this.#begin(
        columns ?? (header ? cells : cells.map((_, i) => String(i + 1))),
        record,
      )
      if (header) {
        this.#tally.leftOut += lines
        return undefined
      }
    }
    if (record.strayReturn)
      throw new BadRow(
        'a carriage return (CR) stands outside quotes and not at the end of the line; ' +
          'lines end with LF or CRLF',
      )
    // In the first cell of a file it has been taken off.
    if (cells[0]!.charCodeAt(0) === BYTE_ORDER_MARK)
      throw new BadRow('it begins with a byte order mark (U+FEFF), as where files were joined')
    return csvRow(cells, line, this.#columns, this.#options)
  }

  #begin(names: readonly string[], { line, strayReturn }: CsvRecord): CsvColumns {
    try {
      if (strayReturn)
        throw new BadRow(
          "lines end with CR alone here; convert them: tr '\\r' '\\n' < FILE, or pass LF or CRLF",
        )
      return csvColumns(names, this.#csv, this.#options)
    } catch (error) {
      if (!(error instanceof BadRow)) throw error
      throw new Failure(`${this.#file}:${line}: ${error.message}`, { cause: error })
    }
  }
}

const BYTE_ORDER_MARK = 0xfeff

function requireUtf8(record: CsvRecord, notUtf8: ReadonlySet<number> | undefined): void {
  if (notUtf8 === undefined) return
  for (let line = record.line; line < record.line + record.lines; line++)
    if (notUtf8.has(line)) throw new BadRow(NOT_UTF8)
}
