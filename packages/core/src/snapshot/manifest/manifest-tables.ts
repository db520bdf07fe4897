import type * as SqliteFile from 'sqlite-file'
import type { SqliteImage, SqlValue } from 'sqlite-file'
import { isBytes } from '../../text/bytes.js'

/** A value of a column; integers that are read are bigint. */
export type Cell = SqlValue

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

/** Columns of the table of shards in a manifest. */
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

/** A column of the facts of a run. */
export type BuildMetaColumn = (typeof BUILD_META_COLUMNS)[number]
/** A column of the table of shards. */
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

/** Bounds on the schema: a manifest has two tables; a few more are harmless. */
const MAX_SCHEMA_ENTRIES = 256
const MAX_SCHEMA_LENGTH = 64 * 1024

let loading: Promise<typeof SqliteFile> | undefined

/** Loaded with the first manifest: an import of this package must cost little. */
function sqliteFile(): Promise<typeof SqliteFile> {
  return (loading ??= import('sqlite-file'))
}

/** Returns the image of a database with both tables. */
export async function writeTables(
  buildMeta: Cells<BuildMetaColumn>,
  shards: readonly Cells<ShardColumn>[],
): Promise<Uint8Array> {
  const { MemorySink, SqliteFileWriter } = await sqliteFile()
  const sink = new MemorySink()
  const writer = new SqliteFileWriter(sink)
  const buildMetaTable = writer.createTable(CREATE_BUILD_META)
  const shardsTable = writer.createTable(CREATE_SHARDS)
  buildMetaTable.add(BUILD_META_COLUMNS.map((column) => buildMeta[column]))
  for (const cells of shards) shardsTable.add(SHARD_COLUMNS.map((column) => cells[column]))
  await writer.finish()
  return sink.image()
}

/**
 * Reads the tables of an untrusted image; no expression of its schema is computed.
 *
 * Errors: plain Error that names the problem, including SqliteFileError. Time and memory are bounded by the image:
 * every page is visited once in a scan, and values take no more room than the image.
 */
export class TableReader {
  readonly #image: SqliteImage
  #lengthLeft: number

  static async open(bytes: Uint8Array): Promise<TableReader> {
    const { SqliteImage } = await sqliteFile()
    const image = new SqliteImage(bytes, { integers: 'bigint', malformedText: 'refuse' })
    return new TableReader(image, bytes.length)
  }

  private constructor(image: SqliteImage, lengthLeft: number) {
    this.#lengthLeft = lengthLeft
    this.#image = image
    const { header, schema } = this.#image
    if (header.walMode) throw new Error('it is in WAL mode; write it with a rollback journal')
    const { objects } = schema
    if (objects.length > MAX_SCHEMA_ENTRIES)
      throw new Error(`it has more than ${MAX_SCHEMA_ENTRIES} schema entries`)
    let length = 0
    for (const { name, tableName, sql } of objects)
      length += name.length + tableName.length + (sql ?? '').length
    if (length > MAX_SCHEMA_LENGTH)
      throw new Error(`it has a schema of more than ${MAX_SCHEMA_LENGTH} characters`)
  }

  /** Reads at most `limit` rows, in the table's own order. */
  *read<Column extends string>(
    table: 'build_meta' | 'shards',
    columns: readonly Column[],
    limit: number,
  ): IterableIterator<Cells<Column>> {
    const source = this.#image.table(table)
    const names = source.info.columns.map(({ name }) => name.toLowerCase())
    const places = columns.map((column) => {
      const place = names.indexOf(column)
      if (place < 0) throw new Error(`${table} has no stored column ${column}`)
      return place
    })
    let left = limit
    for (const row of source.rows()) {
      if (left-- === 0) return
      const cells: { [K in Column]?: Cell } = {}
      for (let i = 0; i < columns.length; i++) cells[columns[i]!] = this.#take(row[places[i]!]!)
      yield cells as Cells<Column>
    }
  }

  /** A default of the schema stands in for a column that short rows do not have: little text, read many times. */
  #take(value: Cell): Cell {
    if (typeof value !== 'string' && !isBytes(value)) return value
    this.#lengthLeft -= value.length
    if (this.#lengthLeft < 0) throw new Error('its values are larger than the whole image')
    return value
  }
}
