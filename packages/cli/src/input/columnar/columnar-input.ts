import type { InputRecord, Records } from '@shardyfusion/input'
import { Failure, UsageError } from '../../util/usage-error.js'
import type { RowOptions } from '../row-options.js'
import { type Input, openInput } from '../open-input.js'

export type ColumnarFormat = 'parquet' | 'arrow'

/** An input whose rows come in batches of records; "lines" are rows, the first is 1. */
export interface ColumnarInput extends Input {
  batches(): AsyncGenerator<InputRecord[], void, void>
  /** Number of rows, read from the file without its data if it says so. */
  count(): Promise<number>
}

/**
 * Opens a Parquet or Arrow file.
 *
 * Reads only the columns that the build needs. Errors: UsageError for stdin, which cannot be read by
 * range; Failure with the name of the file.
 */
export function openColumnar(
  path: string,
  format: ColumnarFormat,
  options: RowOptions | undefined,
): ColumnarInput {
  const opened = openInput(path)
  if (opened.onceOnly !== undefined)
    throw new UsageError(
      `build: --from ${format} needs a file, because it is read by range, got ${opened.onceOnly}; save it to a file first`,
    )
  const { name, totalBytes = 0 } = opened
  let rows = 0
  let total: number | undefined
  return {
    name,
    onceOnly: undefined,
    totalBytes,
    // Rows stand for bytes, because columns are not read from front to back.
    get bytesRead() {
      return total === undefined || total === 0 ? 0 : Math.round((totalBytes * rows) / total)
    },
    get linesRead() {
      return rows
    },
    chunks() {
      throw new Failure(
        `${name}: expected text, got ${format}; this is a bug in shardy, please report it`,
      )
    },
    async *batches() {
      const records = await recordsOf(path, format, options)
      try {
        total = (await records.info()).rows
        for await (const batch of records.batches()) {
          rows += batch.length
          yield batch
        }
        total = rows
      } catch (error) {
        throw withoutCall(error)
      }
    },
    async count() {
      const records = await recordsOf(path, format, options)
      try {
        const { rows: known } = await records.info()
        if (known !== undefined) return (rows = known)
        for await (const batch of records.batches()) rows += batch.length
        return rows
      } catch (error) {
        throw withoutCall(error)
      }
    },
  }
}

async function recordsOf(
  path: string,
  format: ColumnarFormat,
  options: RowOptions | undefined,
): Promise<Records> {
  const { arrowRecords, parquetRecords } = await import('@shardyfusion/input')
  const columns = options === undefined ? undefined : neededColumns(options)
  return format === 'parquet' ? parquetRecords(path, { columns }) : arrowRecords(path, { columns })
}

/** The columns that the build reads; `undefined` for all, if the value is the whole row. */
function neededColumns({ key, value, contextColumns, vectors }: RowOptions): string[] | undefined {
  if (value === undefined) return undefined
  return [...new Set([key, value, ...(contextColumns?.keys() ?? []), ...(vectors?.names ?? [])])]
}

/** Replaces the name of the call, which users of the command do not know. */
export function withoutCall(error: unknown, where = ''): unknown {
  if ((error as Partial<Error>).name !== 'InputError') return error
  const { message, cause } = error as Error
  return new Failure(message.replace(/^(?:parquet|arrow)Records: /, where), { cause })
}
