import { openDb, openReader, scan, write } from '../bare.js'
import { storedKey } from '../rows.js'
import type { Store } from './store.js'

// Without a log, as in our engine: otherwise the comparison would measure settings.
const SETTINGS = { wal_enabled: false, compactor_options: null }

/** One database through the official binding's own API. */
export const bareStore: Store = {
  name: 'SlateDB, bare binding',
  async build({ url }, rows, valueBytes) {
    const { db, close } = await openDb(url, SETTINGS)
    const ids = Array.from({ length: rows }, (_, i) => i)
    await write([db], ids, () => 0, valueBytes)
    await db.flush_with_options({ flush_type: 'MemTable' })
    await close()
  },
  async open({ url }) {
    const { reader, close } = await openReader(url)
    return {
      get: (key) => reader.get(storedKey(key)),
      scan: (visit) => scan(reader, visit),
      close,
    }
  },
}
