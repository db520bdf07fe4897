import { decimalOf } from '../values/decimal.js'
import { dateText, timestampText, timeText, type TimeUnit } from '../values/temporal.js'

/** The part of a vector that conversions read. */
export interface ArrowColumn {
  readonly type: unknown
  readonly length: number
  get(index: number): unknown
  getChild(name: string): unknown
  readonly data: readonly ArrowData[]
}

interface ArrowData {
  readonly values: unknown
  readonly length: number
  readonly valueOffsets: ArrayLike<number>
  readonly children: readonly unknown[]
}

/** Makes a column of the data of a child. */
export type MakeColumn = (data: unknown) => ArrowColumn

/** Returns the value of one row; null if it is absent. */
export type ArrowConvert = (column: ArrowColumn, row: number) => unknown

/** Numbers of `Type` of Arrow's schema. */
const ARROW = {
  decimal: 7,
  date: 8,
  time: 9,
  timestamp: 10,
  list: 12,
  struct: 13,
  fixedSizeList: 16,
  map: 17,
} as const

const UNITS: readonly TimeUnit[] = ['SECONDS', 'MILLIS', 'MICROS', 'NANOS']

interface ArrowType {
  readonly typeId: number
  readonly bitWidth?: number
  readonly unit?: number
  readonly scale?: number
  readonly timezone?: string | null
  readonly children?: readonly { readonly name: string; readonly type: unknown }[]
}

/** Returns the exact conversion of a type. `get` would round timestamps and decimals to numbers. */
export function arrowConverter(given: unknown, makeColumn: MakeColumn): ArrowConvert {
  const type = given as ArrowType
  switch (type.typeId) {
    case ARROW.decimal:
      return present((column, row) => {
        const { scale = 0 } = type
        return decimalOf(littleEndian(column.get(row) as Uint32Array), scale)
      })
    case ARROW.timestamp: {
      const unit = UNITS[type.unit ?? 1]!
      const isUtc = type.timezone !== null && type.timezone !== undefined && type.timezone !== ''
      return present((column, row) => timestampText(stored(column, row), unit, isUtc))
    }
    case ARROW.date:
      return type.unit === 0
        ? present((column, row) => dateText(Number(stored(column, row))))
        : present((column, row) => dateText(Number(stored(column, row)) / 86_400_000))
    case ARROW.time:
      return present((column, row) => timeText(stored(column, row), UNITS[type.unit ?? 1]!))
    case ARROW.list:
    case ARROW.fixedSizeList: {
      const item = arrowConverter(type.children![0]!.type, makeColumn)
      return present((column, row) => {
        const items = column.get(row) as ArrowColumn
        return Array.from({ length: items.length }, (_, i) => item(items, i))
      })
    }
    case ARROW.struct: {
      const members = type.children!.map(
        (field) => [field.name, arrowConverter(field.type, makeColumn)] as const,
      )
      return present((column, row) =>
        Object.fromEntries(
          members.map(([name, member]) => [
            name,
            member(column.getChild(name) as ArrowColumn, row),
          ]),
        ),
      )
    }
    case ARROW.map:
      return present(mapConverter(type, makeColumn))
    default:
      return (column, row) => column.get(row) ?? null
  }
}

/** Reads null without the conversion. */
function present(convert: ArrowConvert): ArrowConvert {
  return (column, row) => (column.get(row) === null ? null : convert(column, row))
}

/** The stored integer of a row, before `get` turns it into a number of milliseconds. */
function stored(column: ArrowColumn, row: number): bigint | number {
  const [{ values }, at] = partOf(column, row)
  return (values as ArrayLike<bigint | number>)[at]!
}

/** The piece of a column with a row, and the place of the row in it. */
function partOf(column: ArrowColumn, row: number): [data: ArrowData, at: number] {
  let at = row
  for (const data of column.data) {
    if (at < data.length) return [data, at]
    at -= data.length
  }
  throw new RangeError(`row ${row} is not in the column`)
}

/** A decimal is stored as words of 32 bits, the lowest first. */
function littleEndian(words: Uint32Array): bigint {
  let value = 0n
  for (let i = words.length - 1; i >= 0; i--) value = (value << 32n) | BigInt(words[i]!)
  return BigInt.asIntN(words.length * 32, value)
}

/** A map is a list of entries, which are structs of a key and a value. */
function mapConverter(type: ArrowType, makeColumn: MakeColumn): ArrowConvert {
  const [key, value] = (type.children![0]!.type as ArrowType).children!
  const valueOf = arrowConverter(value!.type, makeColumn)
  return (column, row) => {
    const [data, at] = partOf(column, row)
    const entries = makeColumn(data.children[0])
    const keys = entries.getChild(key!.name) as ArrowColumn
    const values = entries.getChild(value!.name) as ArrowColumn
    const [start, end] = [data.valueOffsets[at]!, data.valueOffsets[at + 1]!]
    return Object.fromEntries(
      Array.from({ length: end - start }, (_, i) => [
        String(keys.get(start + i)),
        valueOf(values, start + i),
      ]),
    )
  }
}

/** Names a type for people. */
export function arrowTypeName(type: unknown): string {
  return (type as { toString(): string }).toString()
}
