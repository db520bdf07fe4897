import type { Key, RoutingContext } from '@shardyfusion/core'
import { parseJson } from '@shardyfusion/core/internal'
import { LARGE_JSON } from '../json/is-json.js'
import { jsonProblem } from '../json/json-problem.js'
import { skipJsonBlanks } from '../json/json-string-end.js'
import { nestsDeeper } from '../json/nests-deeper.js'
import { encodedBytes } from '../util/encoded-bytes.js'
import { BadRow } from './bad-row.js'
import { jsonField, jsonFieldNames, withoutJsonField } from './json-field.js'
import { contextValue } from './context-value.js'
import { deletingRow, isDeleteMarker } from './delete-marker.js'
import { MAX_NESTING } from './limits.js'
import type { Row } from './row.js'
import { keyFromNumber, keyFromText, quoted } from './row-key.js'
import type { RowOptions } from './row-options.js'

const TOO_DEEP = `a row must be nested at most ${MAX_NESTING} levels deep, got more`

/** Number of column names in the message about a missing column. */
const NAMES_SHOWN = 8

type Fields = Readonly<Record<string, unknown>>

/**
 * Converts one JSON object to a row. `bytes` is the same text, and becomes the value unless a value column is set.
 *
 * Errors: BadRow.
 */
export function jsonRow(text: string, bytes: Uint8Array, line: number, options: RowOptions): Row {
  const fields = parseObject(text, options)
  const { value, contextColumns, deletes } = options
  const key = keyOf(fields, text, options)
  const context = contextColumns === undefined ? undefined : contextOf(fields, text, contextColumns)
  if (deletes !== undefined && isDelete(fields, options)) return deletingRow({ key, context, line })
  return {
    key,
    value:
      value === undefined
        ? rowBytes(bytes, text, options)
        : columnValue(fields, text, value, options.valueAs),
    context,
    vector: options.vectors?.read((name, use) => vectorField(fields, text, name, use)),
    line,
  }
}

/** The row without its vector, which search finds and lookups do not need, and without a delete marker. */
function rowBytes(bytes: Uint8Array, text: string, { vectors, deletes }: RowOptions): Uint8Array {
  if (deletes?.column !== undefined) return Buffer.from(withoutJsonField(text, deletes.column))
  return vectors === undefined ? bytes : Buffer.from(withoutJsonField(text, vectors.column))
}

function isDelete(fields: Fields, { deletes, value }: RowOptions): boolean {
  const { column, tombstones } = deletes!
  if (column !== undefined && isDeleteMarker(own(fields, column), column)) return true
  return tombstones && (own(fields, value!) ?? null) === null
}

function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

function vectorField(fields: Fields, text: string, name: string, use: string): unknown {
  const value = field(fields, text, name, use)
  // The source keeps every digit of large integers, and nested values of large rows.
  if (use === 'payload' || use === 'id') return parseJson(jsonField(text, name)!)
  return isSkipped(value) ? (JSON.parse(jsonField(text, name)!) as unknown) : value
}

function isSkipped(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseObject(text: string, options: RowOptions): Fields {
  if (text.length > LARGE_JSON) return largeObject(text, options)
  if (nestsDeeper(text, MAX_NESTING)) throw new BadRow(TOO_DEEP)
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new BadRow(`it is not JSON: ${(cause as Error).message}${hintOn(text)}`, { cause })
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
    return parsed as Fields
  throw new BadRow(`expected a JSON object, got ${quoted(parsed)}`)
}

function hintOn(text: string): string {
  return text === '{' || text === '[' ? '; if rows span several lines, pass --from json' : ''
}

/** Validates a large object without building it, and parses only the requested fields. */
function largeObject(
  text: string,
  { key, value, contextColumns, vectors, deletes }: RowOptions,
): Fields {
  const problem = jsonProblem(text, MAX_NESTING)
  if (problem !== undefined)
    throw new BadRow(`it is not JSON: ${problem.reason}, at character ${problem.at + 1}`)
  const first = text[skipJsonBlanks(text, 0)]
  if (first !== '{') throw new BadRow(`expected a JSON object, got ${text.slice(0, 40)}…`)
  const fields = Object.create(null) as Record<string, unknown>
  const more = [...(contextColumns?.keys() ?? []), ...(vectors?.names ?? []), deletes?.column]
  for (const name of [key, value, ...more]) {
    const source = name === undefined ? undefined : jsonField(text, name)
    if (source === undefined) continue
    // The caller uses the source text of nested values.
    fields[name!] = source[0] === '{' || source[0] === '[' ? {} : JSON.parse(source)
  }
  return fields
}

function keyOf(fields: Fields, text: string, options: RowOptions): Key {
  const key = field(fields, text, options.key, 'key')
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
  const value = field(fields, text, column, 'value')
  if (as === 'json') return Buffer.from(jsonField(text, column)!)
  if (as === 'text') {
    // Store other values as their JSON source, which keeps every digit.
    return Buffer.from(typeof value === 'string' ? value : jsonField(text, column)!)
  }
  const bytes = typeof value === 'string' ? encodedBytes(value, as) : undefined
  if (bytes !== undefined) return bytes
  throw new BadRow(`the value "${column}" must be text in ${as}, got ${quoted(value)}`)
}

function field(fields: Fields, text: string, name: string, what: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name]
  const names = jsonFieldNames(text, NAMES_SHOWN).join(', ') || 'none'
  throw new BadRow(`the column "${name}" for the ${what} does not exist; the columns are: ${names}`)
}

function contextOf(
  fields: Fields,
  text: string,
  columns: ReadonlyMap<string, string>,
): RoutingContext {
  const entries = [...columns].map(([name, type]) => {
    const value = field(fields, text, name, 'expression')
    // Pass digits instead of numbers, so that large integers stay exact.
    const given = typeof value === 'number' ? jsonField(text, name)! : value
    return [name, contextValue(given, name, type)] as const
  })
  return Object.fromEntries(entries)
}
