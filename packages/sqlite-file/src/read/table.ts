import type { FilePages } from '../pages/file-pages.js'
import type { Pages } from '../pages/pages.js'
import { run, runAll } from '../pages/run-async.js'
import { runSync } from '../pages/steps.js'
import { SqliteFileError } from '../error.js'
import type { IndexInfo, TableInfo } from '../schema/schema.js'
import { sameName } from '../schema/table-definition.js'
import type { ValueMode, SqlValue } from '../value.js'
import type { Row } from './rows.js'
import { checkOpen, type ReadOptions, Scan, type ScanOptions, ScanSync } from './scan.js'
import {
  collectAll,
  IndexCore,
  type IndexEntry,
  type RowKey,
  type RowRange,
  TableCore,
} from './table-core.js'

/** A table by rows, read by range. Values of a row are in the order of `info.columns`. */
export class Table {
  readonly #file: FilePages
  readonly #core: TableCore

  /** Made by `SqliteFile.table`. */
  constructor(file: FilePages, info: TableInfo, mode: ValueMode) {
    this.#file = file
    this.#core = new TableCore(info, mode)
  }

  /** Definition of the table. */
  get info(): TableInfo {
    return this.#core.info
  }

  /** The row with a row id, or with the primary key of a WITHOUT ROWID table. */
  async get(key: RowKey, options: ReadOptions = {}): Promise<Row | undefined> {
    return (await this.getMany([key], options))[0]
  }

  /**
   * Rows in the order of the keys: one round trip for each level of the tree that is not cached. With `cache: false`
   * the rows leave the cache to others; for large rows that are read once.
   */
  async getMany(
    keys: readonly RowKey[],
    { signal, cache }: ReadOptions & { readonly cache?: boolean | undefined } = {},
  ): Promise<(Row | undefined)[]> {
    checkOpen(this.#file)
    const start = (pages: Pages) => keys.map((key) => this.#core.find(pages, key))
    return runAll(this.#file, start, signal, cache)
  }

  /** Rows in the order of the key, an array at a time. */
  scan(range: RowRange = {}, options: ScanOptions = {}): Scan<Row[]> {
    checkOpen(this.#file)
    const reverse = options.reverse === true
    return new Scan(this.#file, options, (pages) => this.#core.scan(pages, range, reverse))
  }

  /** Errors: NOT_FOUND if the table has no such index. */
  index(name: string): Index {
    return new Index(this.#file, this, indexOf(this.info, name), this.#core.mode)
  }
}

/** An index of a table, read by range. */
export class Index {
  /** Definition of the index. */
  readonly info: IndexInfo
  readonly #file: FilePages
  readonly #table: Table
  readonly #core: IndexCore

  /** Made by `Table.index`. */
  constructor(file: FilePages, table: Table, info: IndexInfo, mode: ValueMode) {
    this.info = info
    this.#file = file
    this.#table = table
    this.#core = new IndexCore(info, mode)
  }

  /** The rows whose first indexed columns have these values, in the order of the index. */
  async find(values: readonly SqlValue[], options: ReadOptions = {}): Promise<Row[]> {
    checkOpen(this.#file)
    const entries = await run(
      this.#file,
      (pages) => collectAll(this.#core.scan(pages, {}, false, values)),
      options.signal,
    )
    const keys = entries.map(({ key }) => key)
    const rows = await this.#table.getMany(keys, options)
    return rows.map((row) => row ?? noRow(this.info))
  }

  /** Entries in the order of the index, an array at a time. */
  scan(range: RowRange = {}, options: ScanOptions = {}): Scan<IndexEntry[]> {
    checkOpen(this.#file)
    const reverse = options.reverse === true
    return new Scan(this.#file, options, (pages) => this.#core.scan(pages, range, reverse))
  }
}

/** A table by rows, of a file whose bytes are in memory, without promises. */
export class TableSync {
  readonly #pages: Pages
  readonly #core: TableCore

  /** Made by `SqliteImage.table`. */
  constructor(pages: Pages, info: TableInfo, mode: ValueMode) {
    this.#pages = pages
    this.#core = new TableCore(info, mode)
  }

  /** Definition of the table. */
  get info(): TableInfo {
    return this.#core.info
  }

  /** The row of a key, or `undefined`. */
  get(key: RowKey): Row | undefined {
    return runSync(this.#core.find(this.#pages, key))
  }

  /** The rows of keys, in their order. */
  getMany(keys: readonly RowKey[]): (Row | undefined)[] {
    return keys.map((key) => this.get(key))
  }

  /** The rows of a range, in arrays. */
  scan(range: RowRange = {}, { reverse = false }: ScanOptions = {}): ScanSync<Row[]> {
    return new ScanSync(this.#core.scan(this.#pages, range, reverse))
  }

  /** All rows, one after the other. */
  *rows(range: RowRange = {}, options: ScanOptions = {}): Generator<Row> {
    for (const rows of this.scan(range, options)) yield* rows
  }

  /** Errors: NOT_FOUND if the table has no such index. */
  index(name: string): IndexSync {
    return new IndexSync(this.#pages, this, indexOf(this.info, name), this.#core.mode)
  }
}

/** An index of a table in memory. */
export class IndexSync {
  /** Definition of the index. */
  readonly info: IndexInfo
  readonly #pages: Pages
  readonly #table: TableSync
  readonly #core: IndexCore

  /** Made by `TableSync.index`. */
  constructor(pages: Pages, table: TableSync, info: IndexInfo, mode: ValueMode) {
    this.info = info
    this.#pages = pages
    this.#table = table
    this.#core = new IndexCore(info, mode)
  }

  /** As `Index.find`. */
  find(values: readonly SqlValue[]): Row[] {
    const entries = runSync(collectAll(this.#core.scan(this.#pages, {}, false, values)))
    return entries.map(({ key }) => this.#table.get(key) ?? noRow(this.info))
  }

  /** As `Index.scan`. */
  scan(range: RowRange = {}, { reverse = false }: ScanOptions = {}): ScanSync<IndexEntry[]> {
    return new ScanSync(this.#core.scan(this.#pages, range, reverse))
  }
}

function indexOf(table: TableInfo, name: string): IndexInfo {
  const index = table.indexes.find((one) => sameName(one.name, name))
  if (index !== undefined) return index
  const names = table.indexes.map((one) => one.name).join(', ') || 'none'
  throw new SqliteFileError(
    'NOT_FOUND',
    `sqlite-file: table "${table.name}" has no index "${name}"; there are: ${names}`,
  )
}

function noRow({ name }: IndexInfo): never {
  throw new SqliteFileError(
    'DAMAGED',
    `sqlite-file: index "${name}" has an entry whose row is not in the table; run REINDEX with SQLite`,
  )
}
