import type { BadRowPolicy } from './bad-row.js'
import { type FromFormat, type InputFormat, inputFormat } from './input-format.js'
import { jsonLayout } from './json-layout.js'
import { type LineCounts, LineTally } from './line-tally.js'
import { ndjsonRows } from './ndjson-rows.js'
import { type Input, openInput } from './open-input.js'
import type { Row } from './row.js'
import type { CsvOptions, RowOptions } from './row-options.js'

/** Rows of all inputs one after the other, and how far they have been read. */
export interface RowSource {
  /** Lists of rows, one for each piece of input. */
  batches(): AsyncGenerator<readonly Row[]>
  /** Share of the bytes that has been read, 0 to 1; `undefined` when the number of bytes is not known. */
  readonly progress: number | undefined
  /** The input rows come from now, for messages. */
  readonly name: string
  /** Lines so far, and what became of them. */
  readonly lines: LineCounts & { readonly read: number }
}

export interface RowSourceOptions {
  readonly paths: readonly string[]
  readonly format: FromFormat
  readonly rows: RowOptions
  /** `undefined` stands for what the format has: a comma and `"` in CSV, a tab and no quotes in TSV. */
  readonly csv: Omit<CsvOptions, 'delimiter' | 'quote'> & {
    readonly delimiter: string | undefined
    /** One character, or `none`. */
    readonly quote: string | undefined
  }
  readonly bad: BadRowPolicy
}

/** Opens all inputs. Errors: Failure for one that cannot be read; UsageError when its format is not known. */
export function openRowSource(options: RowSourceOptions): RowSource {
  // Before anything is written: a name that does not say its format is a mistake on the command line.
  const formats = options.paths.map((path) =>
    inputFormat(path === '-' ? 'stdin' : path, options.format),
  )
  const inputs = options.paths.map(openInput)
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
  input: Input,
  format: InputFormat,
  options: RowSourceOptions,
  tally: LineTally,
): AsyncGenerator<readonly Row[]> {
  const { rows, csv, bad } = options
  if (format === 'csv' || format === 'tsv') {
    // Only now: most inputs are not CSV.
    const { csvRows } = await import('./csv-rows.js')
    const delimiter = csv.delimiter ?? (format === 'tsv' ? '\t' : ',')
    const given = csv.quote ?? (format === 'tsv' ? 'none' : '"')
    const quote = given === 'none' ? undefined : given
    return yield* csvRows(input, { ...csv, delimiter, quote }, rows, bad, tally)
  }
  const { layout, all } = await jsonLayout(input.chunks(), format)
  if (layout === 'lines') return yield* ndjsonRows(input, all, rows, bad, tally)
  const { jsonRows } = await import('./json-rows.js')
  yield* jsonRows(input, all, rows, bad, tally)
}
