import type { RoutingContext } from '@shardyfusion/core'
import { isJsonNumber, jsonProblem } from '../json/json-problem.js'
import { encodedBytes } from '../util/encoded-bytes.js'
import { BadRow } from './bad-row.js'
import { contextValue } from './context-value.js'
import { COLUMN_LIMIT_TEXT, MAX_COLUMNS, MAX_NESTING } from './limits.js'
import type { Row } from './row.js'
import { keyFromText, quoted } from './row-key.js'
import type { CsvOptions, RowOptions } from './row-options.js'

/** Where the columns are that matter. */
export interface CsvColumns {
  readonly names: readonly string[]
  /** `"name":` as it stands in JSON, by column. */
  readonly jsonNames: readonly string[]
  readonly key: number
  /** -1 for the whole row. */
  readonly value: number
  readonly context: readonly { readonly name: string; readonly type: string; readonly at: number }[]
  readonly inferTypes: boolean
}

/** Names shown when one is missing. */
const NAMES_SHOWN = 20

/** Finds the columns by their names. Errors: BadRow. */
export function csvColumns(
  names: readonly string[],
  { inferTypes }: CsvOptions,
  { key, value, contextColumns }: RowOptions,
): CsvColumns {
  if (names.length > MAX_COLUMNS)
    throw new BadRow(`a row may have ${COLUMN_LIMIT_TEXT} columns, this has more`)
  const places = new Map<string, number>()
  names.forEach((name, at) => {
    if (places.has(name)) throw new BadRow(`there are two columns ${quoted(name)}`)
    places.set(name, at)
  })
  const find = (name: string, what: string): number => {
    const at = places.get(name)
    if (at !== undefined) return at
    const shown = names.slice(0, NAMES_SHOWN).join(', ')
    const more = names.length > NAMES_SHOWN ? `, and ${names.length - NAMES_SHOWN} more` : ''
    throw new BadRow(
      `there is no column "${name}" for the ${what}; the columns are: ${shown}${more}${hintOn(names)}`,
    )
  }
  return {
    names,
    jsonNames: names.map((name) => `${JSON.stringify(name)}:`),
    key: find(key, 'key'),
    value: value === undefined ? -1 : find(value, 'value'),
    context: [...(contextColumns ?? [])].map(([name, type]) => ({
      name,
      type,
      at: find(name, 'expression'),
    })),
    inferTypes,
  }
}

/** Takes key and value out of one record. Errors: BadRow. */
export function csvRow(
  record: readonly string[],
  line: number,
  columns: CsvColumns,
  options: RowOptions,
): Row {
  const { names, key, value, context } = columns
  if (record.length !== names.length)
    throw new BadRow(`expected ${names.length} columns, got ${countOf(record)}`)
  return {
    key: keyFromText(record[key]!, options),
    value: value < 0 ? rowJson(record, columns) : cellBytes(record[value]!, options),
    context: context.length === 0 ? undefined : contextOf(record, context),
    line,
  }
}

/** One column that holds what separates columns elsewhere. */
function hintOn(names: readonly string[]): string {
  const separator = names.length === 1 ? [...names[0]!].find((c) => ';,|\t'.includes(c)) : undefined
  if (separator === undefined) return ''
  return `; another character may separate columns here: --delimiter ${separator === '\t' ? 'tab' : `'${separator}'`}`
}

/** The parser stops to collect cells behind the limit. */
function countOf({ length }: readonly string[]): string {
  return length > MAX_COLUMNS ? `more than ${COLUMN_LIMIT_TEXT}` : String(length)
}

function rowJson(record: readonly string[], { jsonNames, inferTypes }: CsvColumns): Uint8Array {
  let json = '{'
  for (let i = 0; i < record.length; i++) {
    const cell = record[i]!
    if (i > 0) json += ','
    json += jsonNames[i]!
    json += inferTypes ? inferred(cell) : JSON.stringify(cell)
  }
  return Buffer.from(`${json}}`)
}

function inferred(cell: string): string {
  if (cell === '') return 'null'
  return cell === 'true' || cell === 'false' || isJsonNumber(cell) ? cell : JSON.stringify(cell)
}

function cellBytes(cell: string, { value, valueAs }: RowOptions): Uint8Array {
  if (valueAs === 'hex' || valueAs === 'base64') {
    const bytes = encodedBytes(cell, valueAs)
    if (bytes !== undefined) return bytes
    throw new BadRow(`the value "${value}" must be ${valueAs}, got ${quoted(cell)}`)
  }
  if (valueAs === 'json') requireJson(cell, value)
  return Buffer.from(cell)
}

function requireJson(cell: string, column: string | undefined): void {
  const problem = jsonProblem(cell, MAX_NESTING)
  if (problem !== undefined)
    throw new BadRow(
      `the value "${column}" is not JSON: ${problem.reason}, at character ${problem.at + 1}`,
    )
}

function contextOf(record: readonly string[], columns: CsvColumns['context']): RoutingContext {
  const entries = columns.map(
    ({ name, type, at }) => [name, contextValue(record[at]!, name, type)] as const,
  )
  return Object.fromEntries(entries)
}
