import { UsageError } from '../util/usage-error.js'

/** The values of `--from`. */
export const INPUT_FORMATS = ['auto', 'ndjson', 'json', 'csv', 'tsv', 'parquet', 'arrow'] as const
export type FromFormat = (typeof INPUT_FORMATS)[number]

/** The format of an input. `json-file` is JSON whose first line decides the layout. */
export type InputFormat = Exclude<FromFormat, 'auto'> | 'json-file'

/** The format by the extension of the name, without .gz or .zst. Errors: UsageError for an unknown extension. */
export function inputFormat(name: string, from: FromFormat): InputFormat {
  if (from !== 'auto') return from
  if (name === 'stdin') return 'ndjson'
  const parts = name.toLowerCase().split('.')
  if (parts.at(-1) === 'gz' || parts.at(-1) === 'zst') parts.pop()
  switch (parts.length > 1 ? parts.at(-1) : undefined) {
    case 'ndjson':
    case 'jsonl':
      return 'ndjson'
    case 'json':
      return 'json-file'
    case 'csv':
      return 'csv'
    case 'tsv':
    case 'tab':
      return 'tsv'
    case 'parquet':
    case 'pq':
      return 'parquet'
    case 'arrow':
    case 'arrows':
    case 'feather':
      return 'arrow'
    default:
      throw new UsageError(
        `build: the name "${name}" has no known extension; pass --from ndjson, json, csv, tsv, parquet or arrow`,
      )
  }
}

/** Returns true for formats of columns, which are read by range and not line by line. */
export function isColumnar(format: InputFormat): format is 'parquet' | 'arrow' {
  return format === 'parquet' || format === 'arrow'
}
