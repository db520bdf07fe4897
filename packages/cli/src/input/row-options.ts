import type { KeyEncoding } from '@shardyfusion/core'

/** How rows become keys and values. */
export interface RowOptions {
  readonly key: string
  /** Column of the value; `undefined` for the whole row as JSON. */
  readonly value: string | undefined
  readonly keyEncoding: KeyEncoding
  /** Largest integer key that can be routed. */
  readonly maxIntegerKey: bigint
  readonly keyAs: 'text' | 'hex' | 'base64'
  readonly valueAs: 'text' | 'json' | 'hex' | 'base64'
  /** Columns a CEL expression is evaluated over, with their types; `undefined` when there is none. */
  readonly contextColumns: ReadonlyMap<string, string> | undefined
}

/** How CSV is laid out. */
export interface CsvOptions {
  readonly delimiter: string
  /** One character; `undefined` when every character of a cell is data. */
  readonly quote: string | undefined
  readonly header: boolean
  readonly columns: readonly string[] | undefined
  readonly inferTypes: boolean
}
