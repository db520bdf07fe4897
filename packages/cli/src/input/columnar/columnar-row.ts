import type { Key, RoutingContext } from '@shardyfusion/core'
import type { InputRecord } from '@shardyfusion/input'
import { jsonProblem } from '../../json/json-problem.js'
import { encodedBytes } from '../../util/encoded-bytes.js'
import { BadRow } from '../bad-row.js'
import { contextValue } from '../context-value.js'
import { deletingRow, isDeleteMarker } from '../delete-marker.js'
import { MAX_NESTING } from '../limits.js'
import type { Row } from '../row.js'
import { keyFromBytes, keyFromNumber, keyFromText, quoted } from '../row-key.js'
import type { RowOptions } from '../row-options.js'
import { recordJson } from './record-json.js'

/** Converts one record to a row. Errors: BadRow. */
export function columnarRow(record: InputRecord, line: number, options: RowOptions): Row {
  const { value, contextColumns, deletes } = options
  const key = keyOf(record, options)
  const context = contextColumns === undefined ? undefined : contextOf(record, contextColumns)
  if (deletes !== undefined && isDelete(record, options)) return deletingRow({ key, context, line })
  return {
    key,
    value: value === undefined ? rowBytes(record, options) : valueOf(record, value, options),
    context,
    vector: options.vectors?.read((name, use) => column(record, name, use)),
    line,
  }
}

function isDelete(record: InputRecord, { deletes, value }: RowOptions): boolean {
  const { column: name, tombstones } = deletes!
  if (name !== undefined && isDeleteMarker(column(record, name, 'delete marker'), name)) return true
  return tombstones && (column(record, value!, 'value') ?? null) === null
}

/** The row without its vector, which search finds and lookups do not need, and without a delete marker. */
function rowBytes(record: InputRecord, { vectors, deletes }: RowOptions): Uint8Array {
  const left = deletes?.column ?? vectors?.column
  if (left === undefined) return Buffer.from(recordJson(record))
  const { [left]: _, ...rest } = record
  return Buffer.from(recordJson(rest))
}

function keyOf(record: InputRecord, options: RowOptions): Key {
  const key = column(record, options.key, 'key')
  const isInteger = options.keyEncoding === 'u64be' || options.keyEncoding === 'u32be'
  if (typeof key === 'string') return keyFromText(key, options)
  if (typeof key === 'bigint') return keyFromText(String(key), options)
  if (typeof key === 'number' && Number.isSafeInteger(key))
    return isInteger ? keyFromNumber(key, options) : keyFromText(String(key), options)
  if (ArrayBuffer.isView(key) && !isInteger) return keyFromBytes(key as Uint8Array, options.key)
  throw new BadRow(
    `the key "${options.key}" must be an integer${isInteger ? '' : ', bytes'} or text, got ${described(key)}`,
  )
}

function valueOf(record: InputRecord, name: string, { valueAs }: RowOptions): Uint8Array {
  const value = column(record, name, 'value')
  if (ArrayBuffer.isView(value)) return value as Uint8Array
  if (typeof value === 'string' && (valueAs === 'hex' || valueAs === 'base64')) {
    const bytes = encodedBytes(value, valueAs)
    if (bytes !== undefined) return bytes
    throw new BadRow(`the value "${name}" must be ${valueAs}, got ${quoted(value)}`)
  }
  if (typeof value !== 'string') return Buffer.from(recordJson(value))
  const problem = valueAs === 'json' ? jsonProblem(value, MAX_NESTING) : undefined
  if (problem === undefined) return Buffer.from(value)
  throw new BadRow(
    `the value "${name}" is not JSON: ${problem.reason}, at character ${problem.at + 1}`,
  )
}

function contextOf(record: InputRecord, columns: ReadonlyMap<string, string>): RoutingContext {
  const entries = [...columns].map(([name, type]) => {
    const value = column(record, name, 'expression')
    if (ArrayBuffer.isView(value) && type === 'bytes') return [name, value] as const
    const given = typeof value === 'bigint' ? String(value) : value
    return [name, contextValue(given, name, type)] as const
  })
  return Object.fromEntries(entries) as RoutingContext
}

function column(record: InputRecord, name: string, use: string): unknown {
  if (Object.hasOwn(record, name)) return record[name]
  throw new BadRow(
    `the column "${name}" for the ${use} does not exist; the columns are: ${Object.keys(record).join(', ')}`,
  )
}

/** A value in messages; JSON has no bigints and no bytes. */
function described(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`
  return typeof value === 'bigint' ? String(value) : quoted(value)
}
