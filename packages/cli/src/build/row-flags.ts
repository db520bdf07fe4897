import type { BadRowPolicy } from '../input/bad-row.js'
import { FailOnBadRow, SkipBadRows } from '../input/bad-row.js'
import { RejectFile } from '../input/reject-file.js'
import type { RowSourceOptions } from '../input/row-source.js'
import type { VectorColumn } from '../input/vector-column.js'
import { UsageError } from '../util/usage-error.js'
import type { BuildFlags } from './build-flags.js'
import { vectorColumn } from './vector-flags.js'
import { celColumns } from './sharding-flags.js'

/** Hash routing treats integers as signed 64-bit numbers; CEL accepts unsigned ones too. */
const MAX_HASHED_INTEGER = 2n ** 63n - 1n
const MAX_INTEGER = 2n ** 64n - 1n

/** Options for reading and parsing the input. Errors: UsageError. */
export function rowSourceOptions(
  paths: readonly string[],
  flags: BuildFlags,
  bad: BadRowPolicy,
  command = 'build',
): RowSourceOptions & { readonly vectors: VectorColumn | undefined } {
  const { key, value, from = 'auto' } = flags
  if (key === undefined)
    throw new UsageError(
      `${command}: --key must name the column that holds the key, got nothing; pass for example --key id`,
    )
  if (value === undefined && flags.valueAs !== undefined)
    throw new UsageError(`${command}: --value-as needs --value`)
  const keyEncoding = flags.keyEncoding ?? 'u64be'
  const keyAs = flags.keyAs ?? 'text'
  if (keyAs !== 'text' && keyEncoding !== 'utf8' && keyEncoding !== 'raw')
    throw new UsageError(`${command}: --key-as hex and base64 need --key-encoding raw or utf8`)
  const vectors = vectorColumn(flags, command)
  const columns = flags.columns?.split(',').map((name) => name.trim())
  return {
    paths,
    format: from,
    bad,
    vectors,
    rows: {
      key,
      value,
      keyEncoding,
      keyAs,
      maxIntegerKey: flags.cel === undefined ? MAX_HASHED_INTEGER : MAX_INTEGER,
      valueAs: flags.valueAs ?? 'text',
      contextColumns: contextColumns(flags),
      vectors,
    },
    csv: {
      ...dialect(flags, command),
      header: flags.header,
      columns,
      inferTypes: flags.inferTypes === true,
    },
  }
}

const NAMED_DELIMITERS: Readonly<Record<string, string>> = { tab: '\t', '\\t': '\t' }
const MAX_DELIMITER_LENGTH = 8

/** The CSV or TSV dialect of the input. Errors: UsageError. */
function dialect(
  flags: BuildFlags,
  command: string,
): Pick<RowSourceOptions['csv'], 'delimiter' | 'quote'> {
  const { quote, from } = flags
  const delimiter =
    flags.delimiter === undefined
      ? undefined
      : (NAMED_DELIMITERS[flags.delimiter] ?? flags.delimiter)
  const aboutCsv = { quote, delimiter, columns: flags.columns, 'infer-types': flags.inferTypes }
  const given = Object.entries(aboutCsv).find(([, value]) => value !== undefined)
  if (
    from !== 'auto' &&
    from !== 'csv' &&
    from !== 'tsv' &&
    from !== undefined &&
    given !== undefined
  )
    throw new UsageError(`${command}: --${given[0]} needs --from csv or tsv, got --from ${from}`)
  if (delimiter !== undefined && !isDelimiter(delimiter))
    throw new UsageError(
      `${command}: --delimiter must be 1 to ${MAX_DELIMITER_LENGTH} characters without a line end, or tab; got ${JSON.stringify(delimiter.slice(0, 60))}`,
    )
  if (quote !== undefined && quote !== 'none' && !isQuote(quote))
    throw new UsageError(
      `${command}: --quote must be one character, such as '"', or none; got ${JSON.stringify(quote.slice(0, 60))}`,
    )
  const separator = delimiter ?? (from === 'tsv' ? '\t' : ',')
  if (quote !== undefined && quote !== 'none' && separator.includes(quote))
    throw new UsageError(
      `${command}: --quote and --delimiter must differ, got ${JSON.stringify(quote)}`,
    )
  return { delimiter, quote }
}

function isDelimiter(text: string): boolean {
  return text !== '' && text.length <= MAX_DELIMITER_LENGTH && !/[\r\n]/.test(text)
}

function isQuote(text: string): boolean {
  return text.length === 1 && !/[\r\n]/.test(text)
}

/** Columns that the expression reads; `undefined` if it reads only `key`, which the library supplies. */
function contextColumns(flags: BuildFlags): ReadonlyMap<string, string> | undefined {
  const columns = celColumns(flags.celColumn)
  if (columns === undefined || (columns.size === 1 && columns.has('key'))) return undefined
  return columns
}

/** The policy for invalid rows. Errors: UsageError. */
export function badRowPolicy(
  flags: Pick<BuildFlags, 'onError' | 'rejectFile' | 'maxErrors'>,
  report: (text: string) => void,
  command = 'build',
): BadRowPolicy {
  const { onError = 'fail', rejectFile, maxErrors } = flags
  if (rejectFile !== undefined && onError !== 'reject-file')
    throw new UsageError(`${command}: --reject-file needs --on-error reject-file`)
  if (maxErrors !== undefined && onError === 'fail')
    throw new UsageError(`${command}: --max-errors needs --on-error skip or reject-file`)
  switch (onError) {
    case 'fail':
      return new FailOnBadRow()
    case 'skip':
      return new SkipBadRows(maxErrors, report)
    case 'reject-file':
      return new RejectFile(rejectFile ?? 'rejects.ndjson', maxErrors)
  }
}
