import type { KeyEncoding } from '@shardyfusion/core'
import type { VectorColumn } from './vector-column.js'

/** How to convert rows to keys and values. */
export interface RowOptions {
  readonly key: string
  /** Column of the value; `undefined` for the whole row as JSON. */
  readonly value: string | undefined
  readonly keyEncoding: KeyEncoding
  /** Largest integer key that can be routed. */
  readonly maxIntegerKey: bigint
  readonly keyAs: 'text' | 'hex' | 'base64'
  readonly valueAs: 'text' | 'json' | 'hex' | 'base64'
  /** Columns of the CEL expression, with their types; `undefined` if there is no expression. */
  readonly contextColumns: ReadonlyMap<string, string> | undefined
  /** The column of vectors, which are not part of the value. */
  readonly vectors?: VectorColumn | undefined
  /** How to recognize changes that delete their key; `undefined` if all rows are put. */
  readonly deletes?: DeleteOptions | undefined
}

export interface DeleteOptions {
  /** The column that says so; it is not a part of the value. */
  readonly column: string | undefined
  /** Whether a missing value (null, an empty cell) says so. */
  readonly tombstones: boolean
}

/** The CSV dialect, and the conversion of cells. */
export interface CsvOptions {
  readonly delimiter: string
  /** One character; `undefined` if the dialect has no quotes. */
  readonly quote: string | undefined
  readonly header: boolean
  readonly columns: readonly string[] | undefined
  readonly inferTypes: boolean
}
