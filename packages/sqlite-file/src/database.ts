import { invalidArgument, unsupported } from './error.js'
import { type FileHeader, HEADER_BYTES, readHeader } from './format/header.js'
import { checked, FilePages, type LoadOptions, plain, type ReadStats } from './pages/file-pages.js'
import { ImagePages, type Pages } from './pages/pages.js'
import { abortable, run } from './pages/run-async.js'
import { runSync, type Steps } from './pages/steps.js'
import type { SqliteSource } from './pages/source.js'
import { KeyValueTable, KeyValueTableSync } from './read/key-value.js'
import { readRecord, RowCollector } from './read/rows.js'
import type { ReadOptions } from './read/scan.js'
import { Table, TableSync } from './read/table.js'
import { collectAll } from './read/table-core.js'
import { CellScan } from './read/cell-scan.js'
import { Walk } from './read/walk.js'
import { Schema, type SchemaObject } from './schema/schema.js'
import { DEFAULT_MODE, type ValueMode, valueMode, type ValueOptions } from './value.js'
import { verifySteps, type VerifyReport } from './verify/verify.js'

/** Options for a file whose bytes are in memory. */
export type ImageOptions = ValueOptions

export interface OpenOptions extends ValueOptions, ReadOptions {
  /** Bytes read from the start of the file on opening; 64 KiB by default. */
  readonly headBytes?: number | undefined
  /** Bytes read from its end at the same time, where interior pages may be; 256 KiB by default, 0 for none. */
  readonly tailBytes?: number | undefined
  /** Pages with at most this many bytes between them are fetched together; 64 KiB by default. */
  readonly maxGapBytes?: number | undefined
  /** The most bytes of one request; 8 MiB by default. */
  readonly maxRequestBytes?: number | undefined
  /** The most requests at a time; 128 by default. */
  readonly maxRequests?: number | undefined
}

const KIB = 1024

/**
 * A SQLite file read by range; nothing is ever written.
 *
 * The file must not change while it is open. A write-ahead log or a rollback journal next to it is not read.
 */
export class SqliteFile {
  readonly #pages: FilePages
  readonly #schema: Schema
  readonly #mode: ValueMode

  private constructor(pages: FilePages, schema: Schema, mode: ValueMode) {
    this.#pages = pages
    this.#schema = schema
    this.#mode = mode
  }

  /**
   * Reads header and schema: one round trip if the schema is in the first `headBytes`.
   *
   * Errors: NOT_A_DATABASE, DAMAGED, UNSUPPORTED, READ_FAILED; those of the source pass through.
   */
  static async open(source: SqliteSource, options: OpenOptions = {}): Promise<SqliteFile> {
    const { size } = source
    if (!(Number.isSafeInteger(size) && size >= 0)) {
      throw invalidArgument(`SqliteFile.open: expected source.size in bytes, got ${size}`)
    }
    const { headBytes, tailBytes, load } = parsed(options)
    const headEnd = headBytes + tailBytes >= size ? size : headBytes
    const tailStart = Math.max(headEnd, size - tailBytes)
    const early = new EarlyReads(source)
    const reads = [early.read(0, headEnd), early.read(tailStart, size - tailStart)] as const
    const [head, tail] = await abortable(Promise.all(reads), options.signal)
    const header = readHeader(head, size)
    const pages = new FilePages(source, header, load, early)
    pages.adopt(0, head)
    // The tail may start within a page; the first whole page of it is the next one.
    const skipped = (header.pageSize - (tailStart % header.pageSize)) % header.pageSize
    pages.adopt(tailStart + skipped, tail.subarray(skipped))
    try {
      const objects = await run(pages, readSchema, options.signal)
      const schema = new Schema(objects, header.schemaFormat)
      return new SqliteFile(pages, schema, valueMode(options))
    } catch (error) {
      pages.close()
      throw error
    }
  }

  /** The header of the file. */
  get header(): FileHeader {
    return this.#pages.header
  }

  /** The tables and indexes of the file. */
  get schema(): Schema {
    return this.#schema
  }

  /** Requests made and bytes read since `open` began. */
  get stats(): ReadStats {
    return this.#pages.stats
  }

  /** Errors: NOT_FOUND; UNSUPPORTED for a view, a virtual table or SQL that cannot be read. */
  table(name: string): Table {
    return new Table(this.#pages, this.#schema.table(name), this.#mode)
  }

  /** A WITHOUT ROWID table of a blob key and a value, without rows. Errors: as `table`, UNSUPPORTED for another form. */
  keyValue(name: string): KeyValueTable {
    return new KeyValueTable(this.#pages, keyValueRoot(this.#schema, name))
  }

  /** Reads the whole file and checks that it agrees with its format. */
  async verify(options: ReadOptions = {}): Promise<VerifyReport> {
    return run(this.#pages, (pages) => verifySteps(pages, this.#schema), options.signal)
  }

  /** Releases its pages; idempotent. Running calls fail with CLOSED. */
  close(): void {
    this.#pages.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }
}

/** A SQLite file whose bytes are in memory: the same as `SqliteFile`, without promises. */
export class SqliteImage {
  /** The header of the file. */
  readonly header: FileHeader
  /** The tables and indexes of the file. */
  readonly schema: Schema
  readonly #pages: ImagePages
  readonly #mode: ValueMode

  /** `image` must not change. Errors: as `SqliteFile.open`. */
  constructor(image: Uint8Array, options: ImageOptions = {}) {
    this.header = readHeader(image.subarray(0, HEADER_BYTES), image.length)
    this.#pages = new ImagePages(plain(image), this.header)
    this.schema = new Schema(runSync(readSchema(this.#pages)), this.header.schemaFormat)
    this.#mode = valueMode(options)
  }

  /** As `SqliteFile.table`. */
  table(name: string): TableSync {
    return new TableSync(this.#pages, this.schema.table(name), this.#mode)
  }

  /** As `SqliteFile.keyValue`. */
  keyValue(name: string): KeyValueTableSync {
    return new KeyValueTableSync(this.#pages, keyValueRoot(this.schema, name))
  }

  /** As `SqliteFile.verify`. */
  verify(): VerifyReport {
    return runSync(verifySteps(this.#pages, this.schema))
  }
}

/** Reads before there are pages, counted for `stats`. */
class EarlyReads implements ReadStats {
  readonly #source: SqliteSource
  requests = 0
  bytes = 0

  constructor(source: SqliteSource) {
    this.#source = source
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array()
    this.requests++
    this.bytes += length
    return checked(await this.#source.read(offset, length), { offset, length })
  }
}

function* readSchema(pages: Pages): Steps<SchemaObject[]> {
  const walk = new Walk(pages, 1, 'table', {})
  const collector = new RowCollector((held, record, { page }): SchemaObject => {
    const [type, name, tableName, rootPage, sql] = readRecord(held, record, page.no, DEFAULT_MODE)
    return {
      type: String(type),
      name: String(name),
      tableName: String(tableName),
      rootPage: typeof rootPage === 'number' ? rootPage : 0,
      sql: typeof sql === 'string' ? sql : null,
    }
  })
  return yield* collectAll(new CellScan(pages, walk, collector, false))
}

/** The root of a table that consists of a blob key and one more column. */
function keyValueRoot(schema: Schema, name: string): number {
  const { columns, withoutRowid, primaryKey, positions, rootPage } = schema.table(name)
  const [key] = primaryKey
  const isFit =
    withoutRowid &&
    columns.length === 2 &&
    primaryKey.length === 1 &&
    key?.descending === false &&
    Math.max(...positions) === 1
  if (isFit) return rootPage
  throw unsupported(
    `sqlite-file: keyValue: expected "${name}" to be a WITHOUT ROWID table of two columns with one ascending key column; read it with table("${name}")`,
  )
}

function parsed(options: OpenOptions): { headBytes: number; tailBytes: number; load: LoadOptions } {
  const bytes = (name: keyof OpenOptions, fallback: number, least: number): number => {
    const value = (options[name] as number | undefined) ?? fallback
    if (Number.isSafeInteger(value) && value >= least) return value
    throw invalidArgument(
      `SqliteFile.open: expected ${name} to be an integer from ${least} on, got ${value}`,
    )
  }
  return {
    headBytes: bytes('headBytes', 64 * KIB, 512),
    tailBytes: bytes('tailBytes', 256 * KIB, 0),
    load: {
      maxGapBytes: bytes('maxGapBytes', 64 * KIB, 0),
      maxRequestBytes: bytes('maxRequestBytes', 8 * KIB * KIB, 65536),
      maxRequests: bytes('maxRequests', 128, 1),
    },
  }
}
