import { isUtf8 } from 'node:buffer'
import { type CsvError, type Info, Parser } from 'csv-parse'
import { Failure } from '../util/usage-error.js'
import { BadRow, type BadRowPolicy } from './bad-row.js'
import { csvRow, type CsvColumns, csvColumns } from './csv-row.js'
import type { Input } from './open-input.js'
import type { Row } from './row.js'
import type { CsvOptions, RowOptions } from './row-options.js'
import { wholeLines } from './whole-lines.js'

/** A record as the parser gives it with `info`, and with `raw` where the text is wanted. */
interface CsvRecord {
  readonly record: readonly string[]
  readonly info: Pick<Info, 'lines'>
  readonly raw?: string
}

/**
 * Rows of CSV or TSV (RFC 4180), as many at a time as a piece of the input holds; empty lines are left out.
 *
 * Errors: BadRow goes to the policy. A quote that is out of place ends the build whatever the policy: where the next
 * row begins is not known then.
 */
export async function* csvRows(
  input: Input,
  csv: CsvOptions,
  options: RowOptions,
  bad: BadRowPolicy,
): AsyncGenerator<readonly Row[]> {
  const parser = new Parser({
    delimiter: csv.delimiter,
    info: true,
    raw: csv.keepText,
    // The count is checked below, with the policy for bad rows.
    relax_column_count: true,
    skip_empty_lines: true,
  })
  let failure: CsvError | undefined
  parser.on('error', (error: CsvError) => (failure ??= error))
  const rows = new CsvRows(input.name, csv, options, bad)
  for await (const piece of wholeLines(input)) {
    if (!isUtf8(piece))
      throw new Failure(`${input.name}: it is not UTF-8, near line ${parser.info.lines}`)
    // The parser works while it is written to, so that everything is there to be read at once.
    parser.write(piece)
    const batch = rows.take(parser)
    await failed(input.name, () => failure)
    if (batch.length > 0) yield batch
  }
  parser.end()
  const batch = rows.take(parser)
  await failed(input.name, () => failure)
  if (batch.length > 0) yield batch
}

/** Errors of the parser arrive a turn later. */
async function failed(name: string, failure: () => CsvError | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  const error = failure()
  if (error === undefined) return
  const { lines } = error as { lines?: number }
  const place = lines === undefined ? name : `${name}:${lines}`
  throw new Failure(`${place}: ${error.message}; where the next row begins is not known`, {
    cause: error,
  })
}

class CsvRows {
  readonly #file: string
  readonly #csv: CsvOptions
  readonly #options: RowOptions
  readonly #bad: BadRowPolicy
  #columns: CsvColumns | undefined

  constructor(file: string, csv: CsvOptions, options: RowOptions, bad: BadRowPolicy) {
    this.#file = file
    this.#csv = csv
    this.#options = options
    this.#bad = bad
  }

  take(parser: Parser): Row[] {
    const rows: Row[] = []
    for (
      let next = parser.read() as CsvRecord | null;
      next !== null;
      next = parser.read() as CsvRecord | null
    ) {
      const row = this.#row(next)
      if (row !== undefined) rows.push(row)
    }
    return rows
  }

  #row({ record, info, raw }: CsvRecord): Row | undefined {
    if (this.#columns === undefined) {
      const { header, columns } = this.#csv
      this.#columns = this.#begin(
        columns ?? (header ? record : record.map((_, i) => String(i + 1))),
      )
      if (header) return undefined
    }
    try {
      return csvRow(record, info.lines, this.#columns, this.#options)
    } catch (error) {
      if (!(error instanceof BadRow)) throw error
      // The parser counts to the end of a row; a row in quotes may begin lines before.
      const breaks = record.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0)
      const place = { file: this.#file, line: info.lines - breaks }
      this.#bad.reject(error.message, place, () => (raw ?? '').replace(/\r?\n$/, ''))
      return undefined
    }
  }

  #begin(names: readonly string[]): CsvColumns {
    try {
      return csvColumns(names, this.#csv, this.#options)
    } catch (error) {
      if (!(error instanceof BadRow)) throw error
      throw new Failure(`${this.#file}:1: ${error.message}`, { cause: error })
    }
  }
}
