import { MemoryStore, SlateDbReader } from 'slatedb-wasm'
import { numberedRows, writeDatabase } from './rows.js'

/** Makes the engine trap while it works for a database, and gives the error of that call. */
export async function stopEngine(): Promise<unknown> {
  const store = new MemoryStore()
  await writeDatabase(store, numberedRows(10))
  try {
    await SlateDbReader.open({
      store: {
        // No defect of the engine is known that stored bytes could reach; bytes of an impossible length are one.
        get: () => ({ length: 2 ** 31 }) as Uint8Array,
        head: (path) => store.head(path),
        put: () => false,
        list: (prefix) => store.list(prefix),
        delete: () => undefined,
      },
    })
  } catch (error) {
    return error
  }
  throw new Error('the engine did not stop')
}
