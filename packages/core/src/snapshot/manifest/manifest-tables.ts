import type { Cell, SqliteDatabase } from './sqlite.js'
import { isBytes } from '../../text/bytes.js'

/**
 * The two tables of a manifest, declared as every writer declares them (wire-format §3.2, §3.3).
 */
export const BUILD_META_COLUMNS = [
  'run_id',
  'created_at',
  'num_dbs',
  's3_prefix',
  'key_col',
  'sharding',
  'db_path_template',
  'shard_prefix',
  'format_version',
  'key_encoding',
  'custom',
] as const

export const SHARD_COLUMNS = [
  'db_id',
  'db_url',
  'attempt',
  'row_count',
  'db_bytes',
  'min_key',
  'max_key',
  'checkpoint_id',
  'writer_info',
] as const

export type BuildMetaColumn = (typeof BUILD_META_COLUMNS)[number]
export type ShardColumn = (typeof SHARD_COLUMNS)[number]

/** Values of one row by column. */
export type Cells<Column extends string> = Readonly<Record<Column, Cell>>

const CREATE_BUILD_META = `CREATE TABLE build_meta (
    run_id           TEXT    NOT NULL,
    created_at       TEXT    NOT NULL,
    num_dbs          INTEGER NOT NULL,
    s3_prefix        TEXT    NOT NULL,
    key_col          TEXT    NOT NULL,
    sharding         TEXT    NOT NULL,
    db_path_template TEXT    NOT NULL,
    shard_prefix     TEXT    NOT NULL,
    format_version   INTEGER NOT NULL,
    key_encoding     TEXT    NOT NULL,
    custom           TEXT    NOT NULL DEFAULT '{}'
)`

const CREATE_SHARDS = `CREATE TABLE shards (
    db_id         INTEGER NOT NULL PRIMARY KEY,
    db_url        TEXT,
    attempt       INTEGER NOT NULL,
    row_count     INTEGER NOT NULL,
    db_bytes      INTEGER NOT NULL,
    min_key       TEXT,
    max_key       TEXT,
    checkpoint_id TEXT,
    writer_info   TEXT    NOT NULL DEFAULT '{}'
)`

/** Creates and fills both tables in an empty database. */
export function writeTables(
  database: SqliteDatabase,
  buildMeta: Cells<BuildMetaColumn>,
  shards: readonly Cells<ShardColumn>[],
): void {
  database.run(
    "PRAGMA page_size = 4096; PRAGMA encoding = 'UTF-8'; PRAGMA journal_mode = MEMORY; BEGIN",
  )
  database.run(CREATE_BUILD_META)
  database.run(CREATE_SHARDS)
  database.insert(insertSql('build_meta', BUILD_META_COLUMNS), [
    BUILD_META_COLUMNS.map((column) => buildMeta[column]),
  ])
  database.insert(
    insertSql('shards', SHARD_COLUMNS),
    shards.map((cells) => SHARD_COLUMNS.map((column) => cells[column])),
  )
  database.run('COMMIT')
}

function insertSql(table: string, columns: readonly string[]): string {
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`
}

/**
 * Reads the tables of an untrusted database without running any expression of its schema.
 *
 * Text is decoded here, not by SQLite, so that bytes that are not text are refused instead of
 * replaced. Errors: plain Error that names the problem, including SQLite's own.
 */
export class TableReader {
  readonly #database: SqliteDatabase
  readonly #decoder: InstanceType<typeof TextDecoder>
  #bytesLeft: number

  /**
   * `imageBytes` bounds the bytes read: the values of a sound image take no more room than the
   * image.
   */
  constructor(database: SqliteDatabase, imageBytes: number) {
    this.#database = database
    this.#bytesLeft = imageBytes
    checkObject(database, 'build_meta', BUILD_META_COLUMNS)
    checkObject(database, 'shards', SHARD_COLUMNS)
    const [row] = database.rows('PRAGMA encoding')
    this.#decoder = new TextDecoder(String(row![0]).toLowerCase(), { fatal: true, ignoreBOM: true })
  }

  /** Reads at most `limit` rows, in the table's own order. */
  *read<Column extends string>(
    table: 'build_meta' | 'shards',
    columns: readonly Column[],
    limit: number,
  ): IterableIterator<Cells<Column>> {
    // Qualified names, because SQLite reads an unknown quoted name as a string; NOT INDEXED,
    // because an index in the image may compute expressions.
    const values = columns.map((column) => {
      const value = `${table}.${column}`
      return `typeof(${value}), CASE typeof(${value}) WHEN 'text' THEN CAST(${value} AS BLOB) ELSE ${value} END`
    })
    const sql = `SELECT ${values.join(', ')} FROM ${table} NOT INDEXED LIMIT ${limit}`
    for (const row of this.#database.rows(sql)) {
      const cells: { [K in Column]?: Cell } = {}
      for (let i = 0; i < columns.length; i++) {
        const column = columns[i]!
        cells[column] = this.#cell(table, column, row[2 * i]!, row[2 * i + 1]!)
      }
      yield cells as Cells<Column>
    }
  }

  #cell(table: string, column: string, type: Cell, value: Cell): Cell {
    if (!isBytes(value)) return value
    this.#bytesLeft -= value.length
    if (this.#bytesLeft < 0) throw new Error('its values are larger than the whole image')
    if (type !== 'text') return value
    try {
      return this.#decoder.decode(value)
    } catch (cause) {
      throw new Error(`${table}.${column} is not ${this.#decoder.encoding} text`, { cause })
    }
  }
}

/**
 * Requires an ordinary table: reading views, virtual tables and generated columns runs their code.
 */
function checkObject(database: SqliteDatabase, table: string, columns: readonly string[]): void {
  const [found] = database.rows(
    `SELECT type, rootpage FROM sqlite_schema
      WHERE name = '${table}' COLLATE NOCASE AND type IN ('table', 'view')`,
  )
  if (found === undefined) throw new Error(`it has no table ${table}`)
  const [type, rootPage] = found
  if (type !== 'table' || rootPage === 0n) throw new Error(`${table} is not an ordinary table`)
  const names = new Set<string>()
  for (const [, name, , , , , hidden] of database.rows(`PRAGMA table_xinfo(${table})`)) {
    if (hidden !== 0n) throw new Error(`${table} has a generated column`)
    names.add(String(name).toLowerCase())
  }
  for (const column of columns) {
    if (!names.has(column)) throw new Error(`${table} has no column ${column}`)
  }
}
