import type { FileMetaData, SchemaElement, SchemaTree } from 'hyparquet'
import { InputError } from '../input-error.js'
import { bigEndian, decimalOf } from '../values/decimal.js'
import { dateText, timestampText, timeText, type TimeUnit } from '../values/temporal.js'

/** Converts one value that is not null. */
export type Convert = (value: unknown) => unknown

const decoder = new TextDecoder()

/**
 * Removes the annotations that hyparquet would convert with a loss (decimals to floats, timestamps to
 * milliseconds), so that it returns the stored integers; `converterOf` makes exact values of those.
 */
export function withoutLossyTypes(metadata: FileMetaData): FileMetaData {
  const schema = metadata.schema.map((element) => {
    if (element.type === undefined || !(isDecimal(element) || isTemporal(element))) return element
    const { converted_type: _, logical_type: _type, ...stored } = element
    return stored
  })
  return { ...metadata, schema }
}

/**
 * Returns the conversion of a column, or `undefined` if its values need none.
 *
 * `tree` has the annotations of the file. Errors: InputError for a type without a conversion.
 */
export function converterOf(tree: SchemaTree, isText: boolean): Convert | undefined {
  const { element, children } = tree
  if (children.length === 0) return leafConverter(element, isText)
  const converters = children.map((child) => converterOf(child, isText))
  if (converters.every((convert) => convert === undefined)) return undefined
  const annotation = element.converted_type ?? element.logical_type?.type
  const [repeated] = children
  if (annotation === 'LIST' && children.length === 1) {
    const item = listItem(repeated!, isText)
    return item && ((value) => each(value as unknown[], item))
  }
  if (annotation === 'MAP' || annotation === 'MAP_KEY_VALUE') {
    const [, valueTree] = repeated!.children
    const convert = valueTree === undefined ? undefined : converterOf(valueTree, isText)
    return convert && ((value) => eachMember(value as Record<string, unknown>, () => convert))
  }
  const byName = new Map(children.map((child, i) => [child.element.name, converters[i]]))
  const struct: Convert = (value) =>
    eachMember(value as Record<string, unknown>, (name) => byName.get(name))
  return element.repetition_type === 'REPEATED'
    ? (value) => each(value as unknown[], struct)
    : struct
}

/** The item of a list: below a repeated group, or the repeated field itself in old files. */
function listItem(repeated: SchemaTree, isText: boolean): Convert | undefined {
  if (repeated.children.length === 1) return converterOf(repeated.children[0]!, isText)
  const plain = { ...repeated.element, repetition_type: 'OPTIONAL' as const }
  return converterOf({ ...repeated, element: plain }, isText)
}

function each(values: unknown[] | null | undefined, convert: Convert): unknown {
  return values?.map((value) => (value === null || value === undefined ? null : convert(value)))
}

function eachMember(
  value: Readonly<Record<string, unknown>> | null | undefined,
  converterFor: (name: string) => Convert | undefined,
): unknown {
  if (value === null || value === undefined) return value
  const entries = Object.entries(value).map(([name, member]) => {
    const convert = converterFor(name)
    if (member === null || member === undefined) return [name, null]
    return [name, convert === undefined ? member : convert(member)]
  })
  return Object.fromEntries(entries) as unknown
}

function leafConverter(element: SchemaElement, isText: boolean): Convert | undefined {
  const convert = scalarConverter(element, isText)
  if (convert === undefined || element.repetition_type !== 'REPEATED') return convert
  return (value) => each(value as unknown[], convert)
}

function scalarConverter(element: SchemaElement, isText: boolean): Convert | undefined {
  const { type, converted_type: converted, logical_type: logical } = element
  if (converted === 'INTERVAL' || converted === 'BSON') {
    throw new InputError(
      `the column ${JSON.stringify(element.name)} has the type ${converted}, which is not supported; leave it out of columns`,
    )
  }
  if (isDecimal(element)) return decimalConverter(element)
  if (converted === 'DATE' || logical?.type === 'DATE') return (value) => dateText(value as number)
  const timestamp = timestampUnit(element)
  if (timestamp !== undefined) {
    const { unit, isUtc } = timestamp
    return (value) => timestampText(value as bigint, unit, isUtc)
  }
  const time = timeUnit(element)
  if (time !== undefined) return (value) => timeText(value as bigint, time)
  const isPlainBytes = type === 'BYTE_ARRAY' && converted === undefined && logical === undefined
  const isEnum = converted === 'ENUM' || logical?.type === 'ENUM'
  // Text and JSON are decoded by hyparquet.
  if (isEnum || (isPlainBytes && isText))
    return (value) => (ArrayBuffer.isView(value) ? decoder.decode(value) : value)
  return undefined
}

function decimalConverter({ scale, logical_type: logical }: SchemaElement): Convert {
  const digits = scale ?? (logical as { scale?: number } | undefined)?.scale ?? 0
  return (value) =>
    decimalOf(
      ArrayBuffer.isView(value) ? bigEndian(value as Uint8Array) : BigInt(value as bigint | number),
      digits,
    )
}

function isDecimal({ converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  return converted === 'DECIMAL' || logical?.type === 'DECIMAL'
}

function isTemporal(element: SchemaElement): boolean {
  const { converted_type: converted, logical_type: logical } = element
  if (converted === 'DATE' || logical?.type === 'DATE') return true
  return timestampUnit(element) !== undefined || timeUnit(element) !== undefined
}

interface LogicalTime {
  readonly type: string
  readonly unit?: TimeUnit
  readonly isAdjustedToUTC?: boolean
}

function timestampUnit(element: SchemaElement): { unit: TimeUnit; isUtc: boolean } | undefined {
  const logical = element.logical_type as LogicalTime | undefined
  if (logical?.type === 'TIMESTAMP')
    return { unit: logical.unit ?? 'MILLIS', isUtc: logical.isAdjustedToUTC === true }
  // The older annotation is for timestamps in UTC.
  if (element.converted_type === 'TIMESTAMP_MILLIS') return { unit: 'MILLIS', isUtc: true }
  if (element.converted_type === 'TIMESTAMP_MICROS') return { unit: 'MICROS', isUtc: true }
  return undefined
}

function timeUnit(element: SchemaElement): TimeUnit | undefined {
  const logical = element.logical_type as LogicalTime | undefined
  if (logical?.type === 'TIME') return logical.unit ?? 'MILLIS'
  if (element.converted_type === 'TIME_MILLIS') return 'MILLIS'
  if (element.converted_type === 'TIME_MICROS') return 'MICROS'
  return undefined
}

/** Names the type of a column for people. */
export function typeName({ element, children }: SchemaTree): string {
  const logical = element.logical_type as LogicalTime | undefined
  const annotation = logical?.type ?? element.converted_type
  if (children.length > 0) return annotation ?? 'STRUCT'
  if (isDecimal(element)) return `DECIMAL(${element.precision ?? '?'}, ${element.scale ?? 0})`
  const timestamp = timestampUnit(element)
  if (timestamp !== undefined)
    return `TIMESTAMP(${timestamp.unit}${timestamp.isUtc ? ', UTC' : ''})`
  return annotation ?? element.type ?? 'UNKNOWN'
}
