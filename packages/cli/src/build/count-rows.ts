import { type ColumnarInput, openColumnar } from '../input/columnar/columnar-input.js'
import { type FromFormat, inputFormat, isColumnar } from '../input/input-format.js'
import { jsonLayout } from '../input/json-layout.js'
import { jsonValues } from '../input/json-rows.js'
import { type Input, openInput } from '../input/open-input.js'
import { Failure, UsageError } from '../util/usage-error.js'

/** The result of a first pass over the inputs. */
export interface CountedRows {
  /** An upper bound on the number of rows: lines, or values of a JSON array. */
  readonly rows: number
  readonly lines: number
}

/**
 * Reads all inputs once and counts their rows, for `--max-keys-per-shard`.
 *
 * Errors: UsageError for an input that cannot be read twice; read errors.
 */
export async function countRows(paths: readonly string[], from: FromFormat): Promise<CountedRows> {
  const inputs = paths.map((path) => {
    const format = path === '-' ? undefined : inputFormat(path, from)
    return format !== undefined && isColumnar(format)
      ? openColumnar(path, format, undefined)
      : openInput(path)
  })
  for (const input of inputs) requireRereadable(input)
  const counted = { rows: 0, lines: 0 }
  for (const input of inputs) {
    counted.rows += await rowsIn(input, from)
    counted.lines += input.linesRead
  }
  return counted
}

function requireRereadable({ name, onceOnly }: Input): void {
  if (onceOnly === undefined) return
  const subject = onceOnly === 'stdin' ? 'stdin' : `${name} is ${onceOnly}, which`
  throw new UsageError(
    `build: --max-keys-per-shard reads the input twice, and ${subject} can be read only once; ` +
      'pass --expected-rows (the number of rows), --shards, or a regular file',
  )
}

async function rowsIn(input: Input | ColumnarInput, from: FromFormat): Promise<number> {
  const format = inputFormat(input.name, from)
  if ('count' in input) return input.count()
  let rows = 0
  if (format !== 'csv' && format !== 'tsv' && !isColumnar(format)) {
    const { layout, all } = await jsonLayout(input.chunks(), format)
    if (layout === 'values') {
      for await (const values of jsonValues(input, all)) rows += values.length
      return rows
    }
    for await (const _ of all);
  } else for await (const _ of input.chunks());
  return input.linesRead
}

/** Checks that both passes read the same number of lines. Errors: Failure. */
export function requireSameLines(counted: CountedRows, read: number): void {
  if (counted.lines === read) return
  throw new Failure(
    `build: the input changed between two passes: expected ${counted.lines} lines, got ${read}; ` +
      'pass --expected-rows or --shards to read it once',
  )
}
