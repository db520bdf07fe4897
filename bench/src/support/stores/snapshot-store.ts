import { SnapshotReader, type SnapshotReaderOptions, writeSnapshot } from '@shardyfusion/core'
import { SnapshotReaderSync } from '@shardyfusion/sync'
import { SHARDS } from '../data.js'
import { valueOf } from '../rows.js'
import type { Store } from './store.js'

function buildOf(shards: number): Store['build'] {
  return async ({ url }, ids, valueBytes) => {
    const rows = ids.map((id) => [id, valueOf(id, valueBytes)] as const)
    await writeSnapshot(rows, { prefix: url, sharding: { shards } })
  }
}

/** A snapshot with a value cache of the given bytes, and the given engine. */
export function snapshotStore(
  name: string,
  valueCacheBytes: number,
  engine?: SnapshotReaderOptions['engine'],
  shards = SHARDS,
): Store {
  return {
    name,
    build: buildOf(shards),
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

/** A snapshot that is scanned by entries. */
export const entriesStore: Store = {
  name: 'SnapshotReader, entries',
  build: buildOf(1),
  async open({ url }) {
    const reader = await SnapshotReader.open({ prefix: url, valueCacheBytes: 0 })
    return {
      get: (key) => reader.get(key),
      getMany: (keys) => reader.getMany(keys),
      async scan(visit) {
        for await (const [key, value] of reader.scanIter()) visit(key, value)
      },
      close: () => reader.close(),
    }
  },
}

/** The same through the synchronous API, which calls a worker thread. */
export const syncStore: Store = {
  name: 'SnapshotReaderSync',
  build: buildOf(SHARDS),
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
