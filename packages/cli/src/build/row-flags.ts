import type { BadRowPolicy } from '../input/bad-row.js'
import { FailOnBadRow, SkipBadRows } from '../input/bad-row.js'
import { RejectFile } from '../input/reject-file.js'
import type { RowSourceOptions } from '../input/row-source.js'
import { UsageError } from '../util/usage-error.js'
import type { BuildFlags } from './build-flags.js'
import { celColumns } from './sharding-flags.js'

/** Hash routing takes integers as signed; CEL takes all of them. */
const MAX_HASHED_INTEGER = 2n ** 63n - 1n
const MAX_INTEGER = 2n ** 64n - 1n

/** How the input is read and taken apart. Errors: UsageError. */
export function rowSourceOptions(
  paths: readonly string[],
  flags: BuildFlags,
  bad: BadRowPolicy,
): RowSourceOptions {
  const { key, value, from = 'auto' } = flags
  if (key === undefined) throw new UsageError('build: say which column holds the key: --key id')
  if (value === undefined && flags.valueAs !== undefined)
    throw new UsageError('build: --value-as is about the column of --value, which is missing')
  const keyEncoding = flags.keyEncoding ?? 'u64be'
  const keyAs = flags.keyAs ?? 'text'
  if (keyAs !== 'text' && keyEncoding !== 'utf8' && keyEncoding !== 'raw')
    throw new UsageError('build: --key-as hex and base64 are for --key-encoding raw or utf8')
  const columns = flags.columns?.split(',').map((name) => name.trim())
  return {
    paths,
    format: from,
    bad,
    rows: {
      key,
      value,
      keyEncoding,
      keyAs,
      maxIntegerKey: flags.cel === undefined ? MAX_HASHED_INTEGER : MAX_INTEGER,
      valueAs: flags.valueAs ?? 'text',
      contextColumns: contextColumns(flags),
    },
    csv: {
      delimiter: flags.delimiter === '\\t' ? '\t' : flags.delimiter,
      header: flags.header,
      columns,
      inferTypes: flags.inferTypes === true,
      keepText: flags.onError === 'reject-file',
    },
  }
}

/** An expression over `key` alone is given the key by the library. */
function contextColumns(flags: BuildFlags): ReadonlyMap<string, string> | undefined {
  const columns = celColumns(flags.celColumn)
  if (columns === undefined || (columns.size === 1 && columns.has('key'))) return undefined
  return columns
}

/** What a row that cannot be taken does. Errors: UsageError. */
export function badRowPolicy(flags: BuildFlags, tell: (text: string) => void): BadRowPolicy {
  const { onError = 'fail', rejectFile, maxErrors } = flags
  if (rejectFile !== undefined && onError !== 'reject-file')
    throw new UsageError('build: --reject-file needs --on-error reject-file')
  if (maxErrors !== undefined && onError === 'fail')
    throw new UsageError('build: --max-errors needs --on-error skip or reject-file')
  switch (onError) {
    case 'fail':
      return new FailOnBadRow()
    case 'skip':
      return new SkipBadRows(maxErrors, tell)
    case 'reject-file':
      return new RejectFile(rejectFile ?? 'rejects.ndjson', maxErrors)
  }
}
