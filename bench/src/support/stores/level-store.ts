import { ClassicLevel } from 'classic-level'
import { storedKey, valueOf } from '../rows.js'
import { batches, BATCH_ROWS, type Store } from './store.js'

const OPTIONS = { keyEncoding: 'view', valueEncoding: 'view' } as const

/** LevelDB through classic-level, without compression, because the values do not compress. */
export const levelStore: Store = {
  name: 'classic-level',
  async build({ path }, all, valueBytes) {
    const db = new ClassicLevel<Uint8Array, Uint8Array>(path, { ...OPTIONS, compression: false })
    await db.open()
    for (const ids of batches(all)) {
      await db.batch(
        ids.map((id) => ({ type: 'put', key: storedKey(id), value: valueOf(id, valueBytes) })),
      )
    }
    await db.close()
  },
  async open({ path }) {
    const db = new ClassicLevel<Uint8Array, Uint8Array>(path, OPTIONS)
    await db.open()
    return {
      get: (key) => db.get(storedKey(key)),
      getMany: (keys) => db.getMany(keys.map(storedKey)),
      async scan(visit) {
        const iterator = db.iterator()
        for (;;) {
          const entries = await iterator.nextv(BATCH_ROWS)
          if (entries.length === 0) break
          for (const [key, value] of entries) visit(key, value)
        }
        await iterator.close()
      },
      close: () => db.close(),
    }
  },
}
