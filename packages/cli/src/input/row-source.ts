import { UsageError } from '../util/usage-error.js'
import type { BadRowPolicy } from './bad-row.js'
import { ndjsonRows } from './ndjson-rows.js'
import { type Input, openInput } from './open-input.js'
import type { Row } from './row.js'
import type { CsvOptions, RowOptions } from './row-options.js'

export type InputFormat = 'ndjson' | 'csv' | 'tsv'

/** Rows of all inputs one after the other, and how far they have been read. */
export interface RowSource {
  /** Lists of rows, one for each piece of input. */
  batches(): AsyncGenerator<readonly Row[]>
  /** Share of the bytes that has been read, 0 to 1; `undefined` when nobody knows how much there is. */
  readonly progress: number | undefined
  /** Where rows come from now, for messages. */
  readonly name: string
}

export interface RowSourceOptions {
  readonly paths: readonly string[]
  readonly format: InputFormat | 'auto'
  readonly rows: RowOptions
  readonly csv: Omit<CsvOptions, 'delimiter'> & { readonly delimiter: string | undefined }
  readonly bad: BadRowPolicy
}

/** Opens all inputs. Errors: Failure for one that cannot be read; UsageError when its format cannot be told. */
export function openRowSource(options: RowSourceOptions): RowSource {
  const inputs = options.paths.map(openInput)
  const total = inputs.reduce<number | undefined>(
    (sum, { totalBytes }) =>
      sum === undefined || totalBytes === undefined ? undefined : sum + totalBytes,
    0,
  )
  let current = inputs[0]!
  return {
    async *batches() {
      for (const input of inputs) {
        current = input
        yield* rowsOf(input, options)
      }
    },
    get progress() {
      if (total === undefined || total === 0) return undefined
      return inputs.reduce((sum, { bytesRead }) => sum + bytesRead, 0) / total
    },
    get name() {
      return current.name
    },
  }
}

async function* rowsOf(input: Input, options: RowSourceOptions): AsyncGenerator<readonly Row[]> {
  const { rows, csv, bad } = options
  const format = options.format === 'auto' ? formatOf(input.name) : options.format
  if (format === 'ndjson') return yield* ndjsonRows(input, rows, bad)
  // Only now: most inputs are no CSV.
  const { csvRows } = await import('./csv-rows.js')
  const delimiter = csv.delimiter ?? (format === 'tsv' ? '\t' : ',')
  yield* csvRows(input, { ...csv, delimiter }, rows, bad)
}

/** By the end of the name, whatever it is compressed with. */
function formatOf(name: string): InputFormat {
  if (name === 'stdin') return 'ndjson'
  const [, ending] = /\.([a-z]+)(?:\.(?:gz|zst))?$/i.exec(name) ?? []
  switch (ending?.toLowerCase()) {
    case 'ndjson':
    case 'jsonl':
    case 'json':
      return 'ndjson'
    case 'csv':
      return 'csv'
    case 'tsv':
    case 'tab':
      return 'tsv'
    default:
      throw new UsageError(
        `build: the name "${name}" does not say what it is; pass --from ndjson, csv or tsv`,
      )
  }
}
