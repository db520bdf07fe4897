import type { SqlValue } from '../value.js'

/** How SQLite converts values of a column. */
export type Affinity = 'INTEGER' | 'TEXT' | 'BLOB' | 'REAL' | 'NUMERIC'

/** A column of a table. */
export interface Column {
  /** Name of the column. */
  readonly name: string
  /** The declared type as written, in capitals; empty if there is none. */
  readonly type: string
  /** Preferred type of its values. */
  readonly affinity: Affinity
  /** Whether NULL is refused. */
  readonly notNull: boolean
  /** The name of its collation, in capitals: `BINARY` unless declared. */
  readonly collation: string
  /** The value of rows written before the column was added; `undefined` if it is an expression. */
  readonly defaultValue: SqlValue | undefined
}

/** A column of a key or an index. */
export interface IndexedColumn {
  /** Undefined for an expression. */
  readonly name: string | undefined
  /** Undefined unless declared here: then that of the column. */
  readonly collation: string | undefined
  readonly descending: boolean
}

/** A CREATE TABLE statement. */
export interface TableDefinition {
  readonly name: string
  /** Stored columns, in declared order; virtual generated columns are not stored. */
  readonly columns: readonly Column[]
  readonly withoutRowid: boolean
  /** Columns of the primary key; empty if there is none. */
  readonly primaryKey: readonly IndexedColumn[]
  /** The column that is another name for the row id. */
  readonly rowidColumn: string | undefined
  /** Keys with an index that SQLite makes, in the order of the statement. */
  readonly uniqueKeys: readonly (readonly IndexedColumn[])[]
}

/** A CREATE INDEX statement. */
export interface IndexDefinition {
  readonly name: string
  readonly table: string
  readonly columns: readonly IndexedColumn[]
  readonly unique: boolean
  /** True if it has a WHERE clause, so that it does not cover all rows. */
  readonly partial: boolean
}

/** The affinity of a declared type, by SQLite's rules. */
export function affinityOf(type: string): Affinity {
  if (type.includes('INT')) return 'INTEGER'
  if (/CHAR|CLOB|TEXT/.test(type)) return 'TEXT'
  if (type === '' || type.includes('BLOB')) return 'BLOB'
  return /REAL|FLOA|DOUB/.test(type) ? 'REAL' : 'NUMERIC'
}

/** Names of SQLite have no case in ASCII. */
export function sameName(a: string, b: string): boolean {
  return folded(a) === folded(b)
}

export function folded(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}
