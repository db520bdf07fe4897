import type { RoutingContext } from '@shardyfusion/core'
import { BadRow } from './bad-row.js'
import { contextValue } from './context-value.js'
import type { Row } from './row.js'
import { bytesOf, keyFromText, quoted } from './row-key.js'
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

/** Text that is a number of JSON; its digits go in as they stand. */
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** Finds the columns by their names. Errors: BadRow. */
export function csvColumns(
  names: readonly string[],
  { inferTypes }: CsvOptions,
  { key, value, contextColumns }: RowOptions,
): CsvColumns {
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new BadRow(`there are two columns "${twice}"`)
  const find = (name: string, what: string): number => {
    const at = names.indexOf(name)
    if (at >= 0) return at
    throw new BadRow(
      `there is no column "${name}" for the ${what}; the columns are: ${names.join(', ')}`,
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
    throw new BadRow(`expected ${names.length} columns, got ${record.length}`)
  return {
    key: keyFromText(record[key]!, options),
    value: value < 0 ? rowJson(record, columns) : cellBytes(record[value]!, options),
    context: context.length === 0 ? undefined : contextOf(record, context),
    line,
  }
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
  return cell === 'true' || cell === 'false' || JSON_NUMBER.test(cell) ? cell : JSON.stringify(cell)
}

function cellBytes(cell: string, { value, valueAs }: RowOptions): Uint8Array {
  if (valueAs === 'hex' || valueAs === 'base64') {
    const bytes = bytesOf(cell, valueAs)
    if (bytes !== undefined) return bytes
    throw new BadRow(`the value "${value}" must be ${valueAs}, got ${quoted(cell)}`)
  }
  if (valueAs === 'json') requireJson(cell, value)
  return Buffer.from(cell)
}

function requireJson(cell: string, column: string | undefined): void {
  try {
    JSON.parse(cell)
  } catch (cause) {
    throw new BadRow(`the value "${column}" is not JSON: ${(cause as Error).message}`, { cause })
  }
}

function contextOf(record: readonly string[], columns: CsvColumns['context']): RoutingContext {
  const entries = columns.map(
    ({ name, type, at }) => [name, contextValue(record[at]!, name, type)] as const,
  )
  return Object.fromEntries(entries)
}
