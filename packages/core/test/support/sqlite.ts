import initSqlJs, { type Statement } from 'sql.js'
import type { Cell } from '#dist/snapshot/manifest/manifest-tables.js'

/** Real SQLite, which makes images for tests and judges those of the SDK. */
const sqlite = await initSqlJs()

// The published types lack the option of `get` for lossless integers.
type BigIntStatement = { get(params: null, config: { useBigInt: true }): Cell[] }

export interface SqliteDatabase {
  /** Runs statements that return no rows. */
  run(sql: string): void
  /** Runs one statement once per list of values. */
  insert(sql: string, rows: Iterable<readonly Cell[]>): void
  /** The rows of one query; integers are bigint. */
  rows(sql: string): IterableIterator<Cell[]>
  /** The complete image of the database. */
  image(): Uint8Array
}

/** Opens an image (or an empty database), passes it to `use` and always closes it. */
export function withDatabase<T>(
  image: Uint8Array | undefined,
  use: (database: SqliteDatabase) => T,
): T {
  // Pass a separate view: sql.js copies with `slice`, which shares memory if the image is a Buffer.
  const database = new sqlite.Database(
    image && new Uint8Array(image.buffer, image.byteOffset, image.length),
  )
  try {
    return use({
      run: (sql) => void database.run(sql),
      insert(sql, rows) {
        const statement = database.prepare(sql)
        // Bigints are bound as text; the affinity INTEGER of a column turns them into integers.
        for (const row of rows)
          statement.run(row.map((cell) => (typeof cell === 'bigint' ? `${cell}` : cell)))
        statement.free()
      },
      rows: (sql) => rowsOf(database.prepare(sql)),
      image: () => database.export(),
    })
  } finally {
    database.close()
  }
}

function* rowsOf(statement: Statement): IterableIterator<Cell[]> {
  try {
    while (statement.step())
      yield (statement as unknown as BigIntStatement).get(null, { useBigInt: true })
  } finally {
    statement.free()
  }
}
/** The answer of `PRAGMA integrity_check`: `ok`, or the problems. */
export function integrity(image: Uint8Array): string {
  return withDatabase(image, (database) =>
    Array.from(database.rows('PRAGMA integrity_check'), ([line]) => String(line)).join('\n'),
  )
}
