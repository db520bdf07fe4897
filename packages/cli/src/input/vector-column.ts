import type { RowVector } from '@shardyfusion/core'
import { BadRow } from './bad-row.js'
import { quoted } from './row-key.js'

export interface VectorColumnOptions {
  readonly column: string
  /** Number of values; by default that of the first vector. */
  readonly dimensions: number | undefined
  readonly metric: 'cosine' | 'l2' | 'dot_product'
  /** Column of the ids in search results; by default the key. */
  readonly idColumn: string | undefined
  /** Columns that search results repeat. */
  readonly payloadColumns: readonly string[]
}

/** Finds a column of a record; `undefined` if the record has none of this name. */
export type FindColumn = (name: string, use: string) => unknown

/** Reads the vectors of rows and checks them, so that a bad one is a bad row. */
export class VectorColumn {
  readonly column: string
  readonly metric: VectorColumnOptions['metric']
  readonly #options: VectorColumnOptions
  #dimensions: number | undefined

  constructor(options: VectorColumnOptions) {
    this.column = options.column
    this.metric = options.metric
    this.#options = options
    this.#dimensions = options.dimensions
  }

  /** Known from the start, or after the first vector. */
  get dimensions(): number | undefined {
    return this.#dimensions
  }

  /** The columns that are read. */
  get names(): readonly string[] {
    const { column, idColumn, payloadColumns } = this.#options
    return [column, ...(idColumn === undefined ? [] : [idColumn]), ...payloadColumns]
  }

  /** The vector of a record; `undefined` if the column is null or empty. Errors: BadRow. */
  read(find: FindColumn): RowVector | undefined {
    const given = find(this.column, 'vector')
    if (given === null || given === undefined || given === '') return undefined
    const vector = this.#checked(numbersOf(given, this.column))
    const { idColumn, payloadColumns } = this.#options
    const id = idColumn === undefined ? undefined : idOf(find(idColumn, 'id'), idColumn)
    if (payloadColumns.length === 0) return { vector, id }
    const payload = Object.fromEntries(
      payloadColumns.map((name) => [name, plain(find(name, 'payload'))]),
    )
    return { vector, id, payload }
  }

  #checked(vector: ArrayLike<number>): Float32Array {
    const { column } = this
    const dimensions = (this.#dimensions ??= vector.length)
    if (vector.length !== dimensions || dimensions === 0) {
      throw new BadRow(
        `the vector "${column}" must have ${dimensions === 0 ? '1 or more' : dimensions} values, got ${vector.length}`,
      )
    }
    const values = Float32Array.from(vector)
    const bad = values.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0) {
      throw new BadRow(
        `the vector "${column}" must have finite numbers, got ${String(vector[bad])} as value ${bad}`,
      )
    }
    if (this.metric === 'cosine' && values.every((value) => value === 0)) {
      throw new BadRow(
        `the vector "${column}" has only zeros, which have no direction for the metric cosine; use --metric l2, or ` +
          'leave the column empty',
      )
    }
    return values
  }
}

/** Lists and typed arrays of numbers; text as JSON, or numbers between blanks, commas or semicolons. */
function numbersOf(given: unknown, column: string): ArrayLike<number> {
  if (typeof given === 'string') return numbersOfText(given, column)
  if (ArrayBuffer.isView(given) && 'length' in given) {
    const values = given as unknown as ArrayLike<number | bigint>
    return typeof values[0] === 'bigint' ? Array.from(values, Number) : (values as number[])
  }
  if (Array.isArray(given) && given.every(isNumber)) return given.map(Number)
  throw new BadRow(
    `the vector "${column}" must be a list of numbers, got ${typeof given === 'object' && given !== null ? shortened(given) : quoted(given)}`,
  )
}

const SEPARATOR = /[\s,;]/

/** Parses a vector written as `[0.1, 0.2]` or `0.1 0.2`. Errors: BadRow. */
export function numbersOfText(text: string, column: string): number[] {
  const trimmed = text.trim()
  const isList = trimmed.startsWith('[') && trimmed.endsWith(']')
  const parts = (isList ? trimmed.slice(1, -1) : trimmed).split(SEPARATOR)
  const values = parts.filter((part) => part !== '').map(toNumber)
  if (values.length > 0 && values.every((value) => value !== undefined)) return values
  throw new BadRow(
    `the vector "${column}" must be a list of numbers, such as [0.1, 0.2], got ${quoted(text.slice(0, 60))}`,
  )
}

function toNumber(text: string): number | undefined {
  const value = Number(text)
  return Number.isNaN(value) ? undefined : value
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint'
}

function idOf(id: unknown, column: string): bigint | string {
  if (typeof id === 'string') return id
  if (typeof id === 'bigint' || Number.isSafeInteger(id)) return BigInt(id as number)
  throw new BadRow(`the id "${column}" must be an integer or text, got ${quoted(id)}`)
}

/** JSON data; bytes become base64. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  return value
}

function shortened(value: object): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'bigint' ? String(inner) : inner,
  ).slice(0, 60)
}
