import { BadRow } from '../bad-row.js'

/**
 * Writes a record as JSON: bigints as integers with all their digits, bytes as base64.
 *
 * Errors: BadRow for NaN and infinite numbers, which JSON cannot express.
 */
export function recordJson(value: unknown): string {
  switch (typeof value) {
    case 'bigint':
      return String(value)
    case 'number':
      if (Number.isFinite(value)) return String(value)
      throw new BadRow(
        `${value} is not JSON; replace it by null, or choose a value column with --value`,
      )
    case 'object':
      if (value === null) return 'null'
      if (ArrayBuffer.isView(value))
        return `"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}"`
      if (Array.isArray(value)) return `[${value.map(recordJson).join(',')}]`
      return objectJson(value as Readonly<Record<string, unknown>>)
    case 'undefined':
      return 'null'
    default:
      return JSON.stringify(value)
  }
}

function objectJson(record: Readonly<Record<string, unknown>>): string {
  let json = '{'
  for (const name in record) {
    if (json.length > 1) json += ','
    json += `${nameJson(name)}:${recordJson(record[name])}`
  }
  return `${json}}`
}

/** Column names repeat in every row. */
const names = new Map<string, string>()
const MAX_NAMES = 10_000

function nameJson(name: string): string {
  let json = names.get(name)
  if (json === undefined) {
    if (names.size >= MAX_NAMES) names.clear()
    names.set(name, (json = JSON.stringify(name)))
  }
  return json
}
