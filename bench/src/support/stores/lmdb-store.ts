import { open } from 'lmdb'
import { storedKey, valueOf } from '../rows.js'
import { batches, type Store } from './store.js'

const OPTIONS = { encoding: 'binary', keyEncoding: 'binary' } as const

export const lmdbStore: Store = {
  name: 'lmdb',
  async build({ path }, all, valueBytes) {
    const db = open<Buffer, Buffer>({ path, ...OPTIONS })
    for (const ids of batches(all)) {
      db.transactionSync(() => {
        for (const id of ids) db.putSync(storedKey(id), Buffer.from(valueOf(id, valueBytes)))
      })
    }
    await db.flushed
    await db.close()
  },
  async open({ path }) {
    const db = open<Buffer, Buffer>({ path, readOnly: true, ...OPTIONS })
    return {
      get: (key) => db.get(storedKey(key)),
      // Its getMany() is slower.
      getMany: (keys) => keys.map((key) => db.get(storedKey(key))),
      scan(visit) {
        for (const { key, value } of db.getRange()) visit(key, value)
      },
      close: () => db.close(),
    }
  },
}
