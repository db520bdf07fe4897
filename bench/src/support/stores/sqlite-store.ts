import { DatabaseSync } from '@photostructure/sqlite'
import { storedKey, valueOf } from '../rows.js'
import { batches, type Store } from './store.js'

interface Row {
  readonly k: number
  readonly v: Uint8Array
}

/** SQLite with the key as row id, which is its fastest form. */
export const sqliteStore: Store = {
  name: 'SQLite',
  async build({ path }, all, valueBytes) {
    const db = new DatabaseSync(path)
    db.exec('CREATE TABLE t (k INTEGER PRIMARY KEY, v BLOB NOT NULL)')
    const insert = db.prepare('INSERT INTO t (k, v) VALUES (?, ?)')
    for (const ids of batches(all)) {
      db.exec('BEGIN')
      for (const id of ids) insert.run(id, valueOf(id, valueBytes))
      db.exec('COMMIT')
    }
    db.close()
  },
  async open({ path }) {
    const db = new DatabaseSync(path, { readOnly: true })
    const select = db.prepare('SELECT v FROM t WHERE k = ?')
    const all = db.prepare('SELECT k, v FROM t ORDER BY k')
    return {
      get: (key) => (select.get(key) as Row | undefined)?.v,
      getMany: (keys) => keys.map((key) => (select.get(key) as Row | undefined)?.v),
      scan(visit) {
        for (const row of all.iterate()) visit(storedKey((row as Row).k), (row as Row).v)
      },
      close: () => db.close(),
    }
  },
}
