import type { Key, RoutingContext } from '@shardyfusion/core'
import { BadRow } from './bad-row.js'
import { jsonField } from './json-field.js'
import { contextValue } from './context-value.js'
import type { Row } from './row.js'
import { bytesOf, keyFromNumber, keyFromText, quoted } from './row-key.js'
import type { RowOptions } from './row-options.js'

type Fields = Readonly<Record<string, unknown>>

/**
 * Takes key and value out of one line of JSON; `bytes` is the same line, and becomes the value as it stands.
 *
 * Errors: BadRow.
 */
export function jsonRow(text: string, bytes: Uint8Array, line: number, options: RowOptions): Row {
  const fields = parseObject(text)
  const { value, contextColumns } = options
  return {
    key: keyOf(fields, text, options),
    value: value === undefined ? bytes : columnValue(fields, text, value, options.valueAs),
    context: contextColumns === undefined ? undefined : contextOf(fields, text, contextColumns),
    line,
  }
}

function parseObject(text: string): Fields {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new BadRow(`it is not JSON: ${(cause as Error).message}`, { cause })
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
    return parsed as Fields
  const hint = Array.isArray(parsed) ? ' (an array can be split with: jq -c ".[]")' : ''
  throw new BadRow(`expected one JSON object per line, got ${quoted(parsed)}${hint}`)
}

function keyOf(fields: Fields, text: string, options: RowOptions): Key {
  const key = field(fields, options.key, 'key')
  if (typeof key === 'string') return keyFromText(key, options)
  if (typeof key === 'number') {
    const isInteger = options.keyEncoding === 'u64be' || options.keyEncoding === 'u32be'
    return isInteger && Number.isSafeInteger(key)
      ? keyFromNumber(key, options)
      : keyFromText(jsonField(text, options.key)!, options)
  }
  throw new BadRow(`the key "${options.key}" must be a number or text, got ${quoted(key)}`)
}

function columnValue(
  fields: Fields,
  text: string,
  column: string,
  as: RowOptions['valueAs'],
): Uint8Array {
  const value = field(fields, column, 'value')
  if (as === 'json') return Buffer.from(jsonField(text, column)!)
  if (as === 'text') {
    // What is no text goes in as the JSON it is, digit by digit.
    return Buffer.from(typeof value === 'string' ? value : jsonField(text, column)!)
  }
  const bytes = typeof value === 'string' ? bytesOf(value, as) : undefined
  if (bytes !== undefined) return bytes
  throw new BadRow(`the value "${column}" must be text in ${as}, got ${quoted(value)}`)
}

function field(fields: Fields, name: string, what: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name]
  const names = Object.keys(fields).slice(0, 8).join(', ') || 'none'
  throw new BadRow(`there is no column "${name}" for the ${what}; the columns are: ${names}`)
}

function contextOf(
  fields: Fields,
  text: string,
  columns: ReadonlyMap<string, string>,
): RoutingContext {
  const entries = [...columns].map(([name, type]) => {
    const value = field(fields, name, 'expression')
    // Digits rather than numbers, so that large integers stay exact.
    const given = typeof value === 'number' ? jsonField(text, name)! : value
    return [name, contextValue(given, name, type)] as const
  })
  return Object.fromEntries(entries)
}
