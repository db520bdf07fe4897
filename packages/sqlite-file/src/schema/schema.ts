import { SqliteFileError, unsupported } from '../error.js'
import { isCollation } from '../read/collation.js'
import type { ColumnOrder } from '../read/probe.js'
import { parseIndex, parseTable } from './parse-table.js'
import { type Column, folded, type IndexedColumn, sameName } from './table-definition.js'

/** A row of `sqlite_schema`. */
export interface SchemaObject {
  /** `table`, `index`, `view` or `trigger`. */
  readonly type: string
  /** Its name. */
  readonly name: string
  /** Name of the table. */
  readonly tableName: string
  /** The first page of its tree; 0 if it has none, as a view. */
  readonly rootPage: number
  /** The statement that made it; null for an index SQLite makes for a key. */
  readonly sql: string | null
}

/** One column of an index or of the key of a WITHOUT ROWID table. */
export interface KeyColumn {
  /** Undefined for an expression. */
  readonly name: string | undefined
  /** Name of the collation. */
  readonly collation: string
  /** Whether the order is descending. */
  readonly descending: boolean
}

/** The properties of a table that reading it needs. */
export interface TableInfo {
  /** Name of the table. */
  readonly name: string
  /** Number of the root page. */
  readonly rootPage: number
  /** The columns. */
  readonly columns: readonly Column[]
  /** Whether it is a table `WITHOUT ROWID`. */
  readonly withoutRowid: boolean
  /** The column that is another name for the row id. */
  readonly rowidColumn: string | undefined
  /** Columns of the primary key. */
  readonly primaryKey: readonly KeyColumn[]
  /** Where each column is in a stored record. */
  readonly positions: readonly number[]
  /** Indexes of the table. */
  readonly indexes: readonly IndexInfo[]
}

/** An index: its records are its columns, then what finds the row. */
export interface IndexInfo {
  /** Name of the index. */
  readonly name: string
  /** Name of the table. */
  readonly tableName: string
  /** Number of the root page. */
  readonly rootPage: number
  /** Columns of the index, in order. */
  readonly columns: readonly KeyColumn[]
  /** Whether its keys are unique. */
  readonly unique: boolean
  /** True if it does not cover all rows. */
  readonly partial: boolean
  /** Where the row id (one place) or the primary key of the row is in a record. */
  readonly rowPositions: readonly number[]
  /** How whole records are ordered: `columns`, then the rest of `rowPositions`. */
  readonly order: readonly KeyColumn[]
}

const AUTO_INDEX = /^sqlite_autoindex_.*_(\d+)$/i

/** The tables and indexes of a file. A statement is parsed when its table is asked for. */
export class Schema {
  /** All entries of the schema table. */
  readonly objects: readonly SchemaObject[]
  readonly #format: number
  readonly #tables = new Map<string, TableInfo>()

  constructor(objects: readonly SchemaObject[], schemaFormat: number) {
    this.objects = objects
    this.#format = schemaFormat
  }

  /** Names of the tables that store rows, in the order of their creation. */
  get tableNames(): string[] {
    return this.objects.filter(isTable).map(({ name }) => name)
  }

  /** Errors: NOT_FOUND; UNSUPPORTED for a virtual table, a view or a statement that cannot be read. */
  table(name: string): TableInfo {
    const key = folded(name)
    const known = this.#tables.get(key)
    if (known !== undefined) return known
    const object = this.objects.find(
      ({ type, name: other }) => (type === 'table' || type === 'view') && sameName(other, name),
    )
    if (object === undefined) {
      const names = this.tableNames.join(', ') || 'none'
      throw new SqliteFileError('NOT_FOUND', `sqlite-file: no table "${name}"; there are: ${names}`)
    }
    if (!isTable(object) || object.sql === null) {
      throw unsupported(
        `sqlite-file: "${name}" is a ${kindOf(object)}, which has no rows in this file`,
      )
    }
    const table = this.#read(object, object.sql)
    this.#tables.set(key, table)
    return table
  }

  #read(object: SchemaObject, sql: string): TableInfo {
    const where = `sqlite-file: table "${object.name}"`
    const definition = parseTable(sql, where)
    const { columns, withoutRowid, rowidColumn } = definition
    const keyOf = (indexed: readonly IndexedColumn[]): KeyColumn[] =>
      indexed.map((column) => this.#keyColumn(column, columns))
    const primaryKey = withoutDuplicates(keyOf(definition.primaryKey))
    const rowKey = withoutRowid ? primaryKey : undefined
    const positions = withoutRowid
      ? positionsBehindKey(columns, primaryKey, where)
      : columns.map((_, i) => i)
    const auto = autoKeys(definition.uniqueKeys, definition.primaryKey, withoutRowid).map((key) =>
      key === undefined ? undefined : keyOf(key),
    )
    const indexes = this.objects
      .filter(({ type, tableName }) => type === 'index' && sameName(tableName, object.name))
      .map((index) => this.#index(index, columns, rowKey, auto))
      .filter((index) => index !== undefined)
    return {
      name: object.name,
      rootPage: object.rootPage,
      columns,
      withoutRowid,
      rowidColumn,
      primaryKey,
      positions,
      indexes,
    }
  }

  #index(
    object: SchemaObject,
    columns: readonly Column[],
    rowKey: readonly KeyColumn[] | undefined,
    auto: readonly (readonly KeyColumn[] | undefined)[],
  ): IndexInfo | undefined {
    const { name, tableName, rootPage, sql } = object
    if (sql === null) {
      const number = Number(AUTO_INDEX.exec(name)?.[1] ?? 0)
      const key = auto[number - 1]
      if (key === undefined) return undefined
      return {
        name,
        tableName,
        rootPage,
        columns: key,
        unique: true,
        partial: false,
        ...rowPart(key, rowKey),
      }
    }
    const { unique, partial, columns: indexed } = parseIndex(sql, `sqlite-file: index "${name}"`)
    const key = indexed.map((column) => this.#keyColumn(column, columns))
    return { name, tableName, rootPage, columns: key, unique, partial, ...rowPart(key, rowKey) }
  }

  #keyColumn(
    { name, collation, descending }: IndexedColumn,
    columns: readonly Column[],
  ): KeyColumn {
    const column = columns.find((one) => name !== undefined && sameName(one.name, name))
    return {
      name: column?.name,
      collation: collation ?? column?.collation ?? 'BINARY',
      // Files of an older format ignore DESC.
      descending: descending && this.#format >= 4,
    }
  }
}

/**
 * The keys SQLite makes an index for, by the number in its name; undefined where that is the table itself.
 *
 * Keys with the same columns share an index.
 */
export function autoKeys(
  uniqueKeys: readonly (readonly IndexedColumn[])[],
  primaryKey: readonly IndexedColumn[],
  withoutRowid: boolean,
): (readonly IndexedColumn[] | undefined)[] {
  const keys = new Map<unknown, readonly IndexedColumn[]>()
  for (const key of uniqueKeys) {
    const identity = identityOf(key)
    if (!keys.has(identity)) keys.set(identity, key)
  }
  const own = withoutRowid ? identityOf(primaryKey) : undefined
  return Array.from(keys, ([identity, key]) => (identity === own ? undefined : key))
}

/** A text that is the same for the same columns; for an expression the key itself, which equals no other. */
function identityOf(key: readonly IndexedColumn[]): unknown {
  if (key.some(({ name }) => name === undefined)) return key
  return JSON.stringify(key.map(({ name, collation }) => [folded(name!), collation ?? '']))
}

/** The collations of a key, for comparing. Errors: UNSUPPORTED for a collation SQLite does not have built in. */
export function ordersOf(columns: readonly KeyColumn[], where: string): ColumnOrder[] {
  return columns.map(({ name, collation, descending }) => {
    if (isCollation(collation)) return { collation, descending }
    throw unsupported(
      `${where}: column ${name} has the collation ${collation}, expected BINARY, NOCASE or RTRIM; only whole scans can read it`,
    )
  })
}

/** A key without columns it names a second time, as SQLite stores it. */
function withoutDuplicates(key: readonly KeyColumn[]): KeyColumn[] {
  return key.filter((column, i) => !key.slice(0, i).some((other) => sameColumn(column, other)))
}

function sameColumn(a: KeyColumn, b: KeyColumn): boolean {
  return a.name !== undefined && a.name === b.name && a.collation === b.collation
}

/** In a WITHOUT ROWID table the key comes first, then the other columns. */
function positionsBehindKey(
  columns: readonly Column[],
  key: readonly KeyColumn[],
  where: string,
): number[] {
  const stored = key.map(({ name }) => columns.findIndex((column) => column.name === name))
  if (stored.includes(-1)) throw unsupported(`${where}: its primary key has an unknown column`)
  for (let i = 0; i < columns.length; i++) if (!stored.includes(i)) stored.push(i)
  return columns.map((_, i) => stored.indexOf(i))
}

/** The part of an index record that identifies the row. */
function rowPart(
  columns: readonly KeyColumn[],
  rowKey: readonly KeyColumn[] | undefined,
): Pick<IndexInfo, 'rowPositions' | 'order'> {
  if (rowKey === undefined) {
    const rowid = { name: undefined, collation: 'BINARY', descending: false }
    return { rowPositions: [columns.length], order: [...columns, rowid] }
  }
  const order = [...columns]
  const rowPositions = rowKey.map((column) => {
    const found = columns.findIndex((other) => sameColumn(column, other))
    return found >= 0 ? found : order.push(column) - 1
  })
  return { rowPositions, order }
}

function isTable({ type, rootPage }: SchemaObject): boolean {
  return type === 'table' && rootPage > 0
}

function kindOf({ type }: SchemaObject): string {
  return type === 'table' ? 'virtual table' : type
}
