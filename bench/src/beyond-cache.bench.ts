// What does a lookup cost in tables larger than the cache of blocks, with files in the page cache?
import { slatedb } from '@shardyfusion/core'
import { availableParallelism, totalmem } from 'node:os'
import { compare, type Contender } from './support/compare.js'
import { sumInLanes } from './support/lanes.js'
import { scatteredKeys, sortedIds } from './support/rows.js'
import { SHORT } from './support/short.js'
import { lmdbStore } from './support/stores/lmdb-store.js'
import { snapshotStore } from './support/stores/snapshot-store.js'
import type { OpenStore, Store } from './support/stores/store.js'
import { withTempDir } from './support/temp-dir.js'

const CACHE_BYTES = 64 * 1024 * 1024
const STORES: readonly Store[] = [
  lmdbStore,
  snapshotStore('SnapshotReader', 0, slatedb({ cacheBytes: CACHE_BYTES })),
]
/** In the cache of blocks, and 20 times as large. */
const TABLES = SHORT
  ? [{ valueBytes: 4_096, rows: 500 }]
  : [
      { valueBytes: 4_096, rows: 10_000 },
      { valueBytes: 4_096, rows: 320_000 },
      { valueBytes: 256 * 1024, rows: 160 },
      { valueBytes: 256 * 1024, rows: 5_120 },
    ]
const ROUNDS = 5

console.log(`${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB of memory`)
for (const { valueBytes, rows } of TABLES) {
  await withTempDir(async ({ path, url }) => {
    const opened: { name: string; reader: OpenStore }[] = []
    for (const [i, store] of STORES.entries()) {
      const place = { path: `${path}/${i}`, url: url(String(i)) }
      await store.build(place, sortedIds(rows), valueBytes)
      opened.push({ name: store.name, reader: await store.open(place) })
    }
    const table = `${rows.toLocaleString('en')} rows of ${valueBytes.toLocaleString('en')} bytes`
    // More than the cache has room for, so that a block is gone when its key comes again.
    const keys = scatteredKeys(Math.min(65_536, rows), rows)
    for (const lanes of [1, 64]) {
      await compare({
        title: `get, ${lanes === 1 ? 'one at a time' : `${lanes} at a time`}, ${table}`,
        unit: 'get',
        units: keys.length,
        longRounds: ROUNDS,
        contenders: opened.map(({ name, reader }): Contender => {
          const all = () => sumInLanes(keys, lanes, (key) => reader.get(key))
          return { name, run: all, answer: all }
        }),
      })
    }
    for (const { reader } of opened) await reader.close()
  })
}
