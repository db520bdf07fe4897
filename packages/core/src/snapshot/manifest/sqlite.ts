import {
  type Database,
  loadSqlJs,
  MAX_REUSED_IMAGE_BYTES,
  type Sqlite,
  type Statement,
  WHERE_THE_WASM_IS,
} from '#node/snapshot/manifest/load-sql-js'
import { isShardyfusionError } from '../../errors.js'
import { engineError } from '../../errors/error-factories.js'
import { startRemedy } from '../../async/web-assembly.js'
import { isError } from '../../errors/is-error.js'

/** A value of a column: integers are bigint, text is what SQLite stores. */
export type Cell = null | bigint | number | string | Uint8Array

/** The operations of the codec on an open database: fixed statements with bound values. */
export interface SqliteDatabase {
  /** Runs statements that return no rows. */
  run(sql: string): void
  /** Runs one statement once per list of values. */
  insert(sql: string, rows: Iterable<readonly Cell[]>): void
  /** Returns the rows of one query, fetched lazily; leaving the loop stops reading. */
  rows(sql: string): IterableIterator<Cell[]>
  /** Returns the complete image of the database. */
  image(): Uint8Array
}

// The published types lack the option of `get` for lossless integers.
type BigIntStatement = { get(params: null, config: { useBigInt: true }): Cell[] }

const CONFIG = { useOldExtensionFunctions: false, print: ignore, printErr: ignore }

let loading: Promise<Sqlite> | undefined

/**
 * Opens an image (or an empty database), passes it to `use` and always closes it.
 *
 * SQLite is loaded on first use and reused. After a trap or a stack overflow the state of an
 * instance is unknown: it is dropped, and the next call loads a fresh one. Errors: those of `use`
 * and of SQLite; SHARD_ENGINE if SQLite cannot be loaded.
 */
export async function withDatabase<T>(
  image: Uint8Array | undefined,
  use: (database: SqliteDatabase) => T,
): Promise<T> {
  for (;;) {
    const attempt = (loading ??= load())
    const sqlite = await attempt
    // While this call waited for the instance, another may have broken it.
    if (loading === attempt) return borrow(sqlite, image, use)
  }
}

/** Runs synchronously, so that no other call can see a half-broken instance. */
function borrow<T>(
  sqlite: Sqlite,
  image: Uint8Array | undefined,
  use: (database: SqliteDatabase) => T,
): T {
  let database: Database | undefined
  let sound = image === undefined || image.length <= MAX_REUSED_IMAGE_BYTES
  try {
    // Pass a separate view: sql.js copies with `slice`, which shares memory if the image is a
    // Buffer.
    database = new sqlite.Database(
      image && new Uint8Array(image.buffer, image.byteOffset, image.length),
    )
    return use(new OpenDatabase(database))
  } catch (error) {
    sound &&= leavesSqliteSound(error)
    throw error
  } finally {
    if (sound) sound = close(database)
    if (!sound) loading = undefined
  }
}

/** SQLite's own errors are plain Error; anything else (trap, stack overflow, misuse) is suspect. */
function leavesSqliteSound(error: unknown): boolean {
  if (isShardyfusionError(error)) return true
  return isError(error) && error.constructor.name === 'Error'
}

function close(database: Database | undefined): boolean {
  try {
    database?.close()
    return database !== undefined
  } catch {
    return false
  }
}

async function load(): Promise<Sqlite> {
  try {
    // sql.js turns the object that it is given into its module.
    return await loadSqlJs({ ...CONFIG })
  } catch (cause) {
    loading = undefined
    const reason = isError(cause) ? cause.message : String(cause)
    throw engineError(
      'manifest',
      `SQLite could not be loaded (${reason}); ${startRemedy(cause) ?? WHERE_THE_WASM_IS}`,
      { peer: null, cause },
    )
  }
}

class OpenDatabase implements SqliteDatabase {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  run(sql: string): void {
    this.#database.run(sql)
  }

  insert(sql: string, rows: Iterable<readonly Cell[]>): void {
    const statement = this.#database.prepare(sql)
    try {
      // Bigints are bound as text; the columns' INTEGER affinity turns them into integers.
      for (const row of rows)
        statement.run(row.map((cell) => (typeof cell === 'bigint' ? `${cell}` : cell)))
    } finally {
      statement.free()
    }
  }

  *rows(sql: string): IterableIterator<Cell[]> {
    const statement: Statement = this.#database.prepare(sql)
    try {
      while (statement.step()) {
        yield (statement as unknown as BigIntStatement).get(null, { useBigInt: true })
      }
    } finally {
      statement.free()
    }
  }

  image(): Uint8Array {
    return this.#database.export()
  }
}

function ignore(): void {}
