import { openDb, openReader, scan, write } from '../bare.js'
import { storedKey } from '../rows.js'
import type { Store } from './store.js'

// The log is off, as in our engine. Otherwise the comparison would measure settings.
const SETTINGS = { wal_enabled: false, compactor_options: null }

/** One database, through the API of the official binding. */
export const bareStore: Store = {
  name: 'SlateDB, bare binding',
  async build({ url }, ids, valueBytes) {
    const { db, close } = await openDb(url, SETTINGS)
    await write([db], ids, () => 0, valueBytes)
    await db.flush_with_options({ flush_type: 'MemTable' })
    await close()
  },
  async open({ url }) {
    const { reader, close } = await openReader(url)
    return {
      get: (key) => reader.get(storedKey(key)),
      getMany: (keys) => Promise.all(keys.map((key) => reader.get(storedKey(key)))),
      scan: (visit) => scan(reader, visit),
      close,
    }
  },
}
