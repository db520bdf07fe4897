import { invalidArgument, SqliteFileError } from '../error.js'
import { writeHeader } from '../format/header.js'
import { checkPageSize, DEFAULT_PAGE_SIZE } from '../format/page-size.js'
import {
  autoKeys,
  type IndexInfo,
  Schema,
  type SchemaObject,
  type TableInfo,
} from '../schema/schema.js'
import { folded } from '../schema/table-definition.js'
import { parseIndex, parseTable } from '../schema/parse-table.js'
import { IndexWriter } from './index-writer.js'
import { PageOutput, type SqliteSink } from './page-output.js'
import { TableWriter } from './table-writer.js'
import { SortedIndex } from './sorted-index.js'
import { IndexTreeWriter, TableTreeWriter, type TreeWriter } from './tree-writer.js'
import { writeSchema } from './write-schema.js'

/** Options of a writer. */
export interface WriterOptions {
  /** Bytes of a page: a power of two from 512 to 65536; 4096 by default. See `choosePageSize`. */
  readonly pageSize?: number | undefined
  /** Bytes handed to the sink at a time; 1 MiB by default. */
  readonly chunkBytes?: number | undefined
  /** An integer of 32 bits that identifies the kind of file (`PRAGMA application_id`); 0 by default. */
  readonly applicationId?: number | undefined
  /** An integer of 32 bits for the program that uses the file (`PRAGMA user_version`); 0 by default. */
  readonly userVersion?: number | undefined
}

/** A finished file. */
export interface WrittenFile {
  /** Size of the file. */
  readonly bytes: number
  /** Pages of the file. */
  readonly pageCount: number
  /** Bytes of a page. */
  readonly pageSize: number
}

const DEFAULT_CHUNK_BYTES = 1 << 20

/** A table: `writer` takes its rows and passes them to `tree` and to the indexes that SQLite makes for constraints. */
interface OpenTable {
  readonly info: TableInfo
  readonly writer: TableWriter
  readonly tree: TreeWriter
  readonly autoIndexes: readonly SortedIndex[]
}

interface OpenIndex {
  readonly info: IndexInfo
  readonly writer: IndexWriter
  readonly tree: TreeWriter
}

/**
 * Writes a SQLite file from rows in order, front to back.
 *
 * Leaves and overflow pages go to the sink as they fill, interior pages follow together at the end of the file, and
 * the first page comes last. Tables may be filled in turns. Memory is a few chunks, and of each tree its interior pages
 * up to 64 MiB.
 */
export class SqliteFileWriter {
  readonly #output: PageOutput
  readonly #options: { readonly applicationId: number; readonly userVersion: number }
  readonly #objects: (SchemaObject & { tree?: TreeWriter })[] = []
  readonly #tables = new Map<string, OpenTable>()
  readonly #indexes: OpenIndex[] = []
  #isDone = false

  /** Nothing is written before the first rows. Errors: INVALID_ARGUMENT. */
  constructor(sink: SqliteSink, options: WriterOptions = {}) {
    const where = 'SqliteFileWriter'
    const pageSize = checkPageSize(options.pageSize ?? DEFAULT_PAGE_SIZE, where)
    const chunkBytes = options.chunkBytes ?? DEFAULT_CHUNK_BYTES
    if (!(Number.isSafeInteger(chunkBytes) && chunkBytes > 0)) {
      throw invalidArgument(
        `${where}: expected chunkBytes to be a positive integer, got ${chunkBytes}`,
      )
    }
    this.#output = new PageOutput(sink, pageSize, chunkBytes)
    this.#options = {
      applicationId: word(options.applicationId ?? 0, 'applicationId'),
      userVersion: word(options.userVersion ?? 0, 'userVersion'),
    }
  }

  /** Adds a table. Errors: INVALID_ARGUMENT for a name twice, UNSUPPORTED for SQL that cannot be read. */
  createTable(sql: string): TableWriter {
    this.#checkOpen()
    const text = statement(sql, /^CREATE\s+TABLE\s+(?!IF\s)/i, 'CREATE TABLE name (…)')
    const { name, uniqueKeys, primaryKey, withoutRowid } = parseTable(text, 'SqliteFileWriter')
    this.#checkName(name)
    const made: SchemaObject[] = [object('table', name, name, text)]
    const keys = autoKeys(uniqueKeys, primaryKey, withoutRowid)
    for (const [i, key] of keys.entries()) {
      if (key === undefined) continue
      made.push(object('index', `sqlite_autoindex_${name}_${i + 1}`, name, null))
    }
    const info = new Schema(made, 4).table(name)
    const output = this.#output
    const tree = info.withoutRowid ? new IndexTreeWriter(output) : new TableTreeWriter(output)
    const where = `SqliteFileWriter: table "${info.name}"`
    const autoIndexes = info.indexes.map((index) => new SortedIndex(index, where))
    const writer = new TableWriter(output, info, tree, autoIndexes)
    this.#objects.push(...made)
    this.#tables.set(folded(name), { info, writer, tree, autoIndexes })
    return writer
  }

  /**
   * Adds an index on a table that has been created. Its entries come in the order of the index.
   *
   * Errors: as `createTable`, NOT_FOUND if the table has not been created.
   */
  createIndex(sql: string): IndexWriter {
    this.#checkOpen()
    const text = statement(
      sql,
      /^CREATE\s+(?:UNIQUE\s+)?INDEX\s+(?!IF\s)/i,
      'CREATE INDEX name ON …',
    )
    const { name, table } = parseIndex(text, 'SqliteFileWriter')
    this.#checkName(name)
    const owner = this.#tables.get(folded(table))
    if (owner === undefined) {
      throw new SqliteFileError(
        'NOT_FOUND',
        `SqliteFileWriter: index "${name}" is on a table "${table}" that has not been created`,
      )
    }
    const made = object('index', name, owner.info.name, text)
    const schema = new Schema([...this.#objects, made], 4)
    const info = schema.table(owner.info.name).indexes.find((index) => index.name === name)!
    const tree = new IndexTreeWriter(this.#output)
    const writer = new IndexWriter(this.#output, info, tree)
    this.#objects.push(made)
    this.#indexes.push({ info, writer, tree })
    return writer
  }

  /**
   * Names a virtual table, whose rows are in other tables. Only a SQLite with its module can use it.
   *
   * Errors: as `createTable`.
   */
  addVirtualTable(sql: string): void {
    this.#checkOpen()
    const text = statement(
      sql,
      /^CREATE\s+VIRTUAL\s+TABLE\s+(?!IF\s)/i,
      'CREATE VIRTUAL TABLE name USING module(…)',
    )
    const name = /^CREATE\s+VIRTUAL\s+TABLE\s+"?(\w+)"?\s+USING\s/i.exec(text)?.[1]
    if (name === undefined) {
      throw new SqliteFileError(
        'UNSUPPORTED',
        `SqliteFileWriter: addVirtualTable: expected a name of letters, digits and _, got ${text.slice(0, 80)}`,
      )
    }
    this.#checkName(name)
    this.#objects.push(object('table', name, name, text))
  }

  /** Bytes of the pages written so far. */
  get bytes(): number {
    return this.#output.pageCount * this.#output.pageSize
  }

  /** Writes what is left, the first page last. Errors: those of the sink. */
  async finish(): Promise<WrittenFile> {
    this.#checkOpen()
    this.#isDone = true
    const output = this.#output
    const trees = new Map<string, TreeWriter>()
    for (const { info, tree, autoIndexes } of this.#tables.values()) {
      tree.finishLeaves()
      trees.set(info.name, tree)
      for (const index of autoIndexes) trees.set(index.info.name, index.write(output))
    }
    for (const { info, tree } of this.#indexes) {
      tree.finishLeaves()
      trees.set(info.name, tree)
    }
    for (const { writer } of [...this.#tables.values(), ...this.#indexes]) writer.close()
    await output.ready()
    const objects = this.#objects.map((made) => ({
      ...made,
      // A virtual table has no tree.
      rootPage: trees.get(made.name)?.finish() ?? 0,
    }))
    const first = writeSchema(output, objects).finish()
    const { pageCount, pageSize } = output
    writeHeader(first, { pageSize, pageCount, ...this.#options })
    await output.finish(first)
    return { bytes: pageCount * pageSize, pageCount, pageSize }
  }

  #checkName(name: string): void {
    const isTaken = this.#objects.some((made) => folded(made.name) === folded(name))
    if (isTaken) throw invalidArgument(`SqliteFileWriter: "${name}" has been created already`)
  }

  #checkOpen(): void {
    if (this.#isDone) {
      throw new SqliteFileError('CLOSED', 'SqliteFileWriter: the file is finished')
    }
  }
}

function object(type: string, name: string, tableName: string, sql: string | null): SchemaObject {
  // The root is known when the tree is complete; until then any page will do.
  return { type, name, tableName, rootPage: 1, sql }
}

/** A statement as SQLite keeps it: without a semicolon, in its plain form. */
function statement(sql: string, form: RegExp, expected: string): string {
  const text = sql.trim().replace(/\s*;$/, '')
  if (form.test(text)) return text
  throw invalidArgument(
    `SqliteFileWriter: expected a statement of the form ${expected}, got ${text.slice(0, 60)}`,
  )
}

function word(value: number, name: string): number {
  if (Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32) return value
  throw invalidArgument(
    `SqliteFileWriter: expected ${name} to be an integer of 32 bits, got ${value}`,
  )
}
