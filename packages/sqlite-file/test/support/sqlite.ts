import initSqlJs, { type Database } from 'sql.js'

const sqlite = await initSqlJs()

export type Cell = null | number | string | Uint8Array

/** Real SQLite, in memory. */
export function withSqlite<T>(image: Uint8Array | undefined, use: (db: Database) => T): T {
  const db = new sqlite.Database(image)
  try {
    return use(db)
  } finally {
    db.close()
  }
}

/** The rows of a query. */
export function query(db: Database, sql: string): Cell[][] {
  return (db.exec(sql)[0]?.values ?? []) as Cell[][]
}

/** What SQLite says of a file: `ok`, or its complaints. */
export function integrity(image: Uint8Array): string {
  return withSqlite(image, (db) =>
    query(db, 'PRAGMA integrity_check')
      .map(([line]) => line)
      .join('\n'),
  )
}

/** A file made by SQLite. */
export function made(build: (db: Database) => void): Uint8Array {
  return withSqlite(undefined, (db) => {
    build(db)
    return db.export()
  })
}
