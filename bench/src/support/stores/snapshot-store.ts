import { SnapshotReader, type SnapshotReaderOptions, writeSnapshot } from '@shardyfusion/core'
import { SnapshotReaderSync } from '@shardyfusion/sync'
import { SHARDS } from '../data.js'
import { rows as allRows } from '../rows.js'
import type { Place, Store } from './store.js'

async function build({ url }: Place, rows: number, valueBytes: number): Promise<void> {
  await writeSnapshot(allRows(rows, valueBytes), { prefix: url, sharding: { shards: SHARDS } })
}

/** A snapshot of `SHARDS` shards with a value cache of the given bytes, and the given engine. */
export function snapshotStore(
  name: string,
  valueCacheBytes: number,
  engine?: SnapshotReaderOptions['engine'],
): Store {
  return {
    name,
    build,
    async open({ url }) {
      const reader = await SnapshotReader.open({ prefix: url, valueCacheBytes, engine })
      return {
        get: (key) => reader.get(key),
        getMany: (keys) => reader.getMany(keys),
        async scan(visit) {
          for await (const chunk of reader.scanIter().chunks()) {
            for (let i = 0; i < chunk.count; i++) visit(chunk.key(i), chunk.value(i))
          }
        },
        close: () => reader.close(),
      }
    },
  }
}

/** The same through the synchronous API, which calls a worker thread. */
export const syncStore: Store = {
  name: 'SnapshotReaderSync',
  build,
  async open({ url }) {
    const reader = SnapshotReaderSync.open({ prefix: url, valueCacheBytes: 0 })
    return {
      get: (key) => reader.get(key),
      getMany: (keys) => reader.getMany(keys),
      scan(visit) {
        for (const chunk of reader.scanIter().chunks()) {
          for (let i = 0; i < chunk.count; i++) visit(chunk.key(i), chunk.value(i))
        }
      },
      close: () => reader.close(),
    }
  },
}
