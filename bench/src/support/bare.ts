// The engine without this SDK, used as in the README of @slatedb/uniffi.
import {
  type Db,
  DbBuilder,
  type DbIterator,
  type DbReader,
  DbReaderBuilder,
  ObjectStore,
  Settings,
  WriteBatch,
} from '@slatedb/uniffi'
import { storedKey, VALUE_BYTES, valueOf } from './rows.js'

/** Rows per batch of writes with the binding. */
const BATCH_ROWS = 10_000
const BATCH_BYTES = 8 * 1024 * 1024

export type Visit = (key: Uint8Array, value: Uint8Array) => void

/** Opens a database for writing, with SlateDB's default settings except the given ones. */
export async function openDb(
  url: string,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<BareDb> {
  const store = ObjectStore.resolve(url)
  const values = Settings.default()
  for (const [name, value] of Object.entries(settings)) values.set(name, JSON.stringify(value))
  const builder = new DbBuilder('', store)
  builder.with_settings(values)
  const db = await builder.build()
  values.dispose()
  return {
    db,
    async close() {
      await db.shutdown()
      db.dispose()
      store.dispose()
    },
  }
}

export interface BareDb {
  readonly db: Db
  close(): Promise<void>
}

/** Opens a sealed shard with SlateDB's default settings. */
export async function openReader(url: string): Promise<BareReader> {
  const store = ObjectStore.resolve(url)
  const reader = await new DbReaderBuilder('', store).build()
  return {
    reader,
    async close() {
      await reader.shutdown()
      reader.dispose()
      store.dispose()
    },
  }
}

export interface BareReader {
  readonly reader: DbReader
  close(): Promise<void>
}

const ALL_KEYS = {
  start: undefined,
  start_inclusive: true,
  end: undefined,
  end_inclusive: false,
}

/** Reads every row with one `next()` at a time, until `over()` returns true. */
export async function scan(
  reader: DbReader,
  visit: Visit,
  over: () => boolean = () => false,
): Promise<void> {
  const iterator = await reader.scan(ALL_KEYS)
  try {
    for (let row = await iterator.next(); row !== undefined; row = await iterator.next()) {
      visit(row.key, row.value)
      if (over()) break
    }
  } finally {
    iterator.dispose()
  }
}

/** Reads every row of several readers in key order. The reader with the smallest key supplies the next row. */
export async function scanMerged(readers: readonly DbReader[], visit: Visit): Promise<void> {
  const iterators: DbIterator[] = []
  try {
    for (const reader of readers) iterators.push(await reader.scan(ALL_KEYS))
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()))
    for (;;) {
      let next = -1
      for (const [i, head] of heads.entries()) {
        if (head === undefined) continue
        if (next < 0 || Buffer.compare(head.key, heads[next]!.key) < 0) next = i
      }
      if (next < 0) return
      visit(heads[next]!.key, heads[next]!.value)
      heads[next] = await iterators[next]!.next()
    }
  } finally {
    for (const iterator of iterators) iterator.dispose()
  }
}

/** Writes the rows of `ids` in batches to the databases that `routeTo` returns. Waits for memory, not for storage. */
export async function write(
  dbs: readonly Db[],
  ids: Iterable<number>,
  routeTo: (id: number) => number,
  valueBytes?: number,
): Promise<void> {
  const batches = dbs.map(() => ({ batch: new WriteBatch(), rows: 0, bytes: 0 }))
  const send = async (shard: number): Promise<void> => {
    const { batch } = batches[shard]!
    batches[shard] = { batch: new WriteBatch(), rows: 0, bytes: 0 }
    await dbs[shard]!.write_with_options(batch, { await_durable: false })
    batch.dispose()
  }
  for (const id of ids) {
    const shard = routeTo(id)
    const current = batches[shard]!
    current.batch.put(storedKey(id), valueOf(id, valueBytes))
    current.rows++
    current.bytes += valueBytes ?? VALUE_BYTES
    if (current.rows === BATCH_ROWS || current.bytes > BATCH_BYTES) await send(shard)
  }
  for (const shard of batches.keys()) {
    if (batches[shard]!.rows > 0) await send(shard)
    batches[shard]!.batch.dispose()
  }
}
