import { createRequire } from 'node:module'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { DatabaseSync } from '@photostructure/sqlite'
import initSqlJs from 'sql.js'
import type { Visit } from '../bare.js'

export const KV = 'CREATE TABLE kv (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID'
const INSERT = 'INSERT OR REPLACE INTO kv (k, v) VALUES (?, ?)'
const GET = 'SELECT v FROM kv WHERE k = ?'
const SCAN = 'SELECT k, v FROM kv ORDER BY k'
/** The settings with which the Python project builds shards. */
const PRAGMAS = [
  'PRAGMA journal_mode = OFF',
  'PRAGMA synchronous = OFF',
  'PRAGMA cache_size = -2000',
  'PRAGMA locking_mode = EXCLUSIVE',
]
/** Large enough to cache all pages. */
const READ_CACHE = 'PRAGMA cache_size = -1000000'

/** A table of blobs in a SQLite file, through one binding of SQLite. */
export interface SqliteBinding {
  readonly name: string
  /** Writes a new file; false if the binding does not support files. */
  build?(path: string, rows: Iterable<readonly [Uint8Array, Uint8Array]>): void
  open(path: string): OpenTable | Promise<OpenTable>
}

export interface OpenTable {
  get(key: Uint8Array): Uint8Array | undefined
  scan(visit: Visit): void
  close(): void
}

/** The part of a binding's database that building needs. */
interface WritableDatabase {
  exec(sql: string): unknown
  prepare(sql: string): { run(key: Uint8Array, value: Uint8Array): unknown }
  close(): unknown
}

/** Builds the table in one transaction and closes the database. */
function fillTable(
  db: WritableDatabase,
  rows: Iterable<readonly [key: Uint8Array, value: Uint8Array]>,
): void {
  for (const pragma of PRAGMAS) db.exec(pragma)
  db.exec(KV)
  db.exec('BEGIN')
  const insert = db.prepare(INSERT)
  for (const [key, value] of rows) insert.run(key, value)
  db.exec('COMMIT')
  db.close()
}

/** The interface of node:sqlite, which @photostructure/sqlite also implements. */
function builtIn(name: string, Database: typeof DatabaseSync): SqliteBinding {
  return {
    name,
    build(path, rows) {
      fillTable(new Database(path), rows)
    },
    open(path) {
      const db = new Database(path, { readOnly: true })
      db.exec(READ_CACHE)
      const get = db.prepare(GET)
      const all = db.prepare(SCAN)
      return {
        get: (key) => (get.get(key) as { v: Uint8Array } | undefined)?.v,
        scan(visit) {
          for (const row of all.iterate()) {
            const { k, v } = row as { k: Uint8Array; v: Uint8Array }
            visit(k, v)
          }
        },
        close: () => db.close(),
      }
    },
  }
}

interface BetterStatement {
  run(...values: unknown[]): void
  get(value: unknown): Uint8Array | undefined
  pluck(): BetterStatement
  raw(): { iterate(): IterableIterator<[Uint8Array, Uint8Array]> }
}

interface BetterDatabase {
  exec(sql: string): void
  prepare(sql: string): BetterStatement
  close(): void
}

function better(Database: new (path: string, options?: object) => BetterDatabase): SqliteBinding {
  return {
    name: 'better-sqlite3',
    build(path, rows) {
      fillTable(new Database(path), rows)
    },
    open(path) {
      const db = new Database(path, { readonly: true })
      db.exec(READ_CACHE)
      const get = db.prepare(GET).pluck()
      const all = db.prepare(SCAN)
      return {
        get: (key) => get.get(key),
        scan(visit) {
          for (const [key, value] of all.raw().iterate()) visit(key, value)
        },
        close: () => db.close(),
      }
    },
  }
}

const sqlJs: SqliteBinding = {
  name: 'sql.js',
  async open(path) {
    const sqlite = await initSqlJs()
    const db = new sqlite.Database(readFileSync(path))
    const get = db.prepare(GET)
    const all = db.prepare(SCAN)
    return {
      get: (key) => get.get([key])[0] as Uint8Array | undefined,
      scan(visit) {
        all.reset()
        while (all.step()) {
          const [key, value] = all.get() as [Uint8Array, Uint8Array]
          visit(key, value)
        }
      },
      close: () => db.close(),
    }
  },
}

/** The installed bindings, with better-sqlite3 first if it is installed. */
export async function sqliteBindings(): Promise<SqliteBinding[]> {
  const folder = process.env['BENCH_BETTER_SQLITE3']
  const bindings: SqliteBinding[] = []
  if (folder !== undefined) {
    bindings.push(better(createRequire(join(folder, 'x.js'))('better-sqlite3')))
  }
  const native = await import('node:sqlite' as string).catch(() => undefined)
  if (native !== undefined) bindings.push(builtIn('node:sqlite', native.DatabaseSync))
  bindings.push(builtIn('@photostructure/sqlite', DatabaseSync), sqlJs)
  return bindings
}
