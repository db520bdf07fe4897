import { UsageError } from '../util/usage-error.js'

/** What `--from` takes. */
export const INPUT_FORMATS = ['auto', 'ndjson', 'json', 'csv', 'tsv'] as const
export type FromFormat = (typeof INPUT_FORMATS)[number]

/** The format of an input; `json-file` is JSON whose layout its first line decides. */
export type InputFormat = Exclude<FromFormat, 'auto'> | 'json-file'

/** By the end of the name, whatever it is compressed with. Errors: UsageError when the name does not say it. */
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
    default:
      throw new UsageError(
        `build: the name "${name}" does not say what it is; pass --from ndjson, json, csv or tsv`,
      )
  }
}
