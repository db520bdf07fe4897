import type { BadRowPolicy } from './bad-row.js'
import { type ColumnarFormat, type ColumnarInput, openColumnar } from './columnar/columnar-input.js'
import { type FromFormat, type InputFormat, inputFormat, isColumnar } from './input-format.js'
import { jsonLayout } from './json-layout.js'
import { type LineCounts, LineTally } from './line-tally.js'
import { ndjsonRows } from './ndjson-rows.js'
import { type Input, openInput } from './open-input.js'
import type { Row } from './row.js'
import type { CsvOptions, RowOptions } from './row-options.js'

/** The rows of all inputs in order, and the read progress. */
export interface RowSource {
  /** Yields batches of rows, one per chunk of input. */
  batches(): AsyncGenerator<readonly Row[]>
  /** Fraction of the bytes that has been read, 0 to 1; `undefined` if the total size is unknown. */
  readonly progress: number | undefined
  /** Name of the current input, for messages. */
  readonly name: string
  /** Lines so far, by outcome. */
  readonly lines: LineCounts & { readonly read: number }
}

export interface RowSourceOptions {
  readonly paths: readonly string[]
  readonly format: FromFormat
  readonly rows: RowOptions
  /** `undefined` selects the default of the format: comma and `"` for CSV, tab and no quotes for TSV. */
  readonly csv: Omit<CsvOptions, 'delimiter' | 'quote'> & {
    readonly delimiter: string | undefined
    /** One character, or `none`. */
    readonly quote: string | undefined
  }
  readonly bad: BadRowPolicy
}

/** Opens all inputs. Errors: Failure for an unreadable input; UsageError for an unknown format. */
export function openRowSource(options: RowSourceOptions): RowSource {
  // Checked before anything is written: an unknown format is a usage error.
  const formats = options.paths.map((path) =>
    inputFormat(path === '-' ? 'stdin' : path, options.format),
  )
  const inputs = options.paths.map((path, i) => {
    const format = formats[i]!
    return isColumnar(format) ? openColumnar(path, format, options.rows) : openInput(path)
  })
  const total = inputs.reduce<number | undefined>(
    (sum, { totalBytes }) =>
      sum === undefined || totalBytes === undefined ? undefined : sum + totalBytes,
    0,
  )
  const tally = new LineTally()
  let current = inputs[0]!
  return {
    async *batches() {
      for (const [i, input] of inputs.entries()) {
        current = input
        const before = tally.read
        yield* rowsOf(input, formats[i]!, options, tally)
        tally.check(input.name, before, input.linesRead)
      }
    },
    get progress() {
      if (total === undefined || total === 0) return undefined
      return inputs.reduce((sum, { bytesRead }) => sum + bytesRead, 0) / total
    },
    get name() {
      return current.name
    },
    lines: tally,
  }
}

async function* rowsOf(
  input: Input | ColumnarInput,
  format: InputFormat,
  options: RowSourceOptions,
  tally: LineTally,
): AsyncGenerator<readonly Row[]> {
  const { rows, csv, bad } = options
  if ('batches' in input) {
    const { columnarRows } = await import('./columnar/columnar-rows.js')
    return yield* columnarRows(input, rows, bad, tally)
  }
  if (format === 'csv' || format === 'tsv') {
    // Loaded on demand: most inputs are not CSV.
    const { csvRows } = await import('./csv-rows.js')
    const delimiter = csv.delimiter ?? (format === 'tsv' ? '\t' : ',')
    const given = csv.quote ?? (format === 'tsv' ? 'none' : '"')
    const quote = given === 'none' ? undefined : given
    return yield* csvRows(input, { ...csv, delimiter, quote }, rows, bad, tally)
  }
  const { layout, all } = await jsonLayout(
    input.chunks(),
    format as Exclude<InputFormat, 'csv' | 'tsv' | ColumnarFormat>,
  )
  if (layout === 'lines') return yield* ndjsonRows(input, all, rows, bad, tally)
  const { jsonRows } = await import('./json-rows.js')
  yield* jsonRows(input, all, rows, bad, tally)
}
