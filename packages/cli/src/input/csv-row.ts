import type { RoutingContext } from '@shardyfusion/core'
import { parseJson } from '@shardyfusion/core/internal'
import { isJsonNumber, jsonProblem } from '../json/json-problem.js'
import { encodedBytes } from '../util/encoded-bytes.js'
import { BadRow } from './bad-row.js'
import { contextValue } from './context-value.js'
import { deletingRow, isDeleteMarker } from './delete-marker.js'
import { COLUMN_LIMIT_TEXT, MAX_COLUMNS, MAX_NESTING } from './limits.js'
import type { Row } from './row.js'
import { keyFromText, quoted } from './row-key.js'
import type { CsvOptions, RowOptions } from './row-options.js'

/** The positions of the columns that the build reads. */
export interface CsvColumns {
  readonly names: readonly string[]
  /** `"name":` in JSON, by column. */
  readonly jsonNames: readonly string[]
  readonly key: number
  /** -1 if the value is the whole row. */
  readonly value: number
  readonly context: readonly { readonly name: string; readonly type: string; readonly at: number }[]
  readonly inferTypes: boolean
  /** The column that marks deletes; -1 if there is none. */
  readonly marker: number
  /** Positions of the columns of vectors, by name. */
  readonly vectors: ReadonlyMap<string, number>
}

/** Number of column names in the message about a missing column. */
const NAMES_SHOWN = 20

/** Finds the columns by their names. Errors: BadRow. */
export function csvColumns(
  names: readonly string[],
  { inferTypes }: CsvOptions,
  { key, value, contextColumns, vectors, deletes }: RowOptions,
): CsvColumns {
  if (names.length > MAX_COLUMNS)
    throw new BadRow(`a row must have at most ${COLUMN_LIMIT_TEXT} columns, got more`)
  const places = new Map<string, number>()
  names.forEach((name, at) => {
    if (places.has(name)) throw new BadRow(`column names must be unique, got ${quoted(name)} twice`)
    places.set(name, at)
  })
  const find = (name: string, what: string): number => {
    const at = places.get(name)
    if (at !== undefined) return at
    const shown = names.slice(0, NAMES_SHOWN).join(', ')
    const more = names.length > NAMES_SHOWN ? `, and ${names.length - NAMES_SHOWN} more` : ''
    throw new BadRow(
      `the column "${name}" for the ${what} does not exist; the columns are: ${shown}${more}${hintOn(names)}`,
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
    marker: deletes?.column === undefined ? -1 : find(deletes.column, 'delete marker'),
    vectors: new Map((vectors?.names ?? []).map((name) => [name, find(name, 'vector')])),
  }
}

/** Converts one record to a row. Errors: BadRow. */
export function csvRow(
  record: readonly string[],
  line: number,
  columns: CsvColumns,
  options: RowOptions,
): Row {
  const { names, key: keyAt, value, context: contextAt } = columns
  if (record.length !== names.length)
    throw new BadRow(`expected ${names.length} columns, got ${countOf(record)}`)
  const key = keyFromText(record[keyAt]!, options)
  const context = contextAt.length === 0 ? undefined : contextOf(record, contextAt)
  if (isDelete(record, columns, options)) return deletingRow({ key, context, line })
  return {
    key,
    value:
      value < 0 ? rowJson(record, columns, options.vectors) : cellBytes(record[value]!, options),
    context,
    vector: options.vectors?.read((name, use) => vectorCell(record, columns, name, use)),
    line,
  }
}

function isDelete(
  record: readonly string[],
  { marker, value, names }: CsvColumns,
  { deletes }: RowOptions,
): boolean {
  if (deletes === undefined) return false
  if (marker >= 0 && isDeleteMarker(record[marker], names[marker]!)) return true
  return deletes.tombstones && record[value] === ''
}

/** A hint about the delimiter, if the only column name contains a common one. */
function hintOn(names: readonly string[]): string {
  const separator = names.length === 1 ? [...names[0]!].find((c) => ';,|\t'.includes(c)) : undefined
  if (separator === undefined) return ''
  return `; the file may have another delimiter: --delimiter ${separator === '\t' ? 'tab' : `'${separator}'`}`
}

/** The number of cells. The parser does not collect cells beyond the limit. */
function countOf({ length }: readonly string[]): string {
  return length > MAX_COLUMNS ? `more than ${COLUMN_LIMIT_TEXT}` : String(length)
}

function vectorCell(
  record: readonly string[],
  { vectors, inferTypes }: CsvColumns,
  name: string,
  use: string,
): unknown {
  const cell = record[vectors.get(name)!]!
  if (use === 'payload') return inferTypes ? parseJson(inferred(cell)) : cell
  return use === 'id' && /^-?\d{1,19}$/.test(cell) ? BigInt(cell) : cell
}

/** The row without its vector, which search finds and lookups do not need, and without a delete marker. */
function rowJson(
  record: readonly string[],
  { jsonNames, inferTypes, marker, vectors: places }: CsvColumns,
  vectors: RowOptions['vectors'],
): Uint8Array {
  const left = vectors === undefined ? -1 : places.get(vectors.column)
  let json = '{'
  for (let i = 0; i < record.length; i++) {
    if (i === left || i === marker) continue
    const cell = record[i]!
    if (json.length > 1) json += ','
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
