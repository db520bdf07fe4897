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
 * Reads the rows of CSV or TSV, one batch per chunk of input. Ignores empty lines.
 *
 * Errors: the policy handles BadRow. A misplaced quote ends the build with any policy, because the start of the next row
 * is unknown.
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
      const batch = rows.convert(parser.write(piece.toString()), notUtf8)
      lines = input.linesRead
      if (batch.length > 0) yield batch
    }
    parser.end()
  } catch (error) {
    if (!(error instanceof CsvBroken)) throw error
    throw new Failure(
      `${input.name}:${error.line}: ${error.message}; the next row cannot be found; ` +
        'if quotes are data, pass --quote none',
      { cause: error },
    )
  }
  tally.ignored += parser.blankLines
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

  convert(records: readonly CsvRecord[], notUtf8: ReadonlySet<number> | undefined): Row[] {
    const rows: Row[] = []
    for (const record of records) {
      try {
        requireUtf8(record, notUtf8)
        const row = this.#row(record)
        if (row === undefined) continue
        this.#tally.accepted += record.lines
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
      this.#columns = this.#resolveColumns(
        columns ?? (header ? cells : cells.map((_, i) => String(i + 1))),
        record,
      )
      if (header) {
        this.#tally.ignored += lines
        return undefined
      }
    }
    if (record.strayReturn)
      throw new BadRow(
        'a carriage return (CR) must be inside quotes or part of a line end (LF or CRLF), ' +
          'got one elsewhere',
      )
    // The byte order mark of the first row has been removed already.
    if (cells[0]!.charCodeAt(0) === BYTE_ORDER_MARK)
      throw new BadRow(
        'the row starts with a byte order mark (U+FEFF); remove it if files were concatenated',
      )
    return csvRow(cells, line, this.#columns, this.#options)
  }

  #resolveColumns(names: readonly string[], { line, strayReturn }: CsvRecord): CsvColumns {
    try {
      if (strayReturn)
        throw new BadRow(
          "lines must end with LF or CRLF, got CR; convert them: tr '\\r' '\\n' < FILE",
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
