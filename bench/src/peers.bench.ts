// How does a snapshot on a local disk compare with other stores for a local table?
import { compare, type Contender } from './support/compare.js'
import { digestOf, touch } from './support/digest.js'
import { inBatches, inLanes } from './support/lanes.js'
import { looking } from './support/looking.js'
import { scatteredKeys, shuffledIds, sortedIds } from './support/rows.js'
import { SHORT } from './support/short.js'
import { bareStore } from './support/stores/bare-store.js'
import { levelStore } from './support/stores/level-store.js'
import { lmdbStore } from './support/stores/lmdb-store.js'
import { openPythonPeer, type PythonPeer } from './support/stores/python-store.js'
import { snapshotStore, syncStore } from './support/stores/snapshot-store.js'
import { sqliteStore } from './support/stores/sqlite-store.js'
import type { OpenStore, Place, Store } from './support/stores/store.js'
import { withTempDir } from './support/temp-dir.js'

const STORES: readonly Store[] = [
  bareStore,
  snapshotStore('SnapshotReader', 0),
  snapshotStore('SnapshotReader, one shard', 0, undefined, 1),
  snapshotStore('SnapshotReader, values cached', 256 * 1024 * 1024),
  syncStore,
  lmdbStore,
  sqliteStore,
  levelStore,
]
/** Rows by bytes of a value. */
const TABLES = SHORT
  ? [{ valueBytes: 100, rows: 1_000 }]
  : [
      // Integers, as eight bytes.
      { valueBytes: 8, rows: 50_000 },
      { valueBytes: 16, rows: 50_000 },
      { valueBytes: 100, rows: 50_000 },
      { valueBytes: 4_096, rows: 4_000 },
      { valueBytes: 256 * 1024, rows: 100 },
    ]
const ROUNDS = 5
const LANES = 64
const BATCH_KEYS = 256

for (const { valueBytes, rows } of TABLES) {
  await withTempDir(async ({ path, url }) => {
    const table = `${rows.toLocaleString('en')} rows of ${valueBytes.toLocaleString('en')} bytes`
    const place = (store: Store): Place => {
      const name = `table-${STORES.indexOf(store)}`
      return { path: `${path}/${name}`, url: url(name) }
    }
    // Cached values make no difference to builds and scans.
    const builders = STORES.filter((store) => !store.name.includes('values cached'))
    let built = 0
    for (const [order, ids] of [
      ['key order', sortedIds(rows)],
      ['no order', shuffledIds(rows)],
    ] as const) {
      await compare({
        title: `build from rows in ${order}, ${table}`,
        unit: 'row',
        units: rows,
        longRounds: 3,
        contenders: builders.map((store): Contender => ({
          name: store.name,
          run: () => {
            const name = `build-${built++}`
            return store.build({ path: `${path}/${name}`, url: url(name) }, ids, valueBytes)
          },
        })),
      })
    }
    for (const store of STORES) await store.build(place(store), sortedIds(rows), valueBytes)
    await compare({
      title: `open and first get, ${table}`,
      unit: 'call',
      units: 1,
      longRounds: ROUNDS,
      contenders: STORES.map((store): Contender => {
        const first = async (): Promise<unknown> => {
          const opened = await store.open(place(store))
          const value = await opened.get(7)
          await opened.close()
          return Buffer.from(value ?? '').toString('hex')
        }
        return { name: store.name, run: first, answer: first }
      }),
    })
    const opened: { store: Store; reader: OpenStore }[] = []
    for (const store of STORES) opened.push({ store, reader: await store.open(place(store)) })
    const python = await openPythonPeer(place(STORES[1]!).url)
    const inPython = (...command: Parameters<PythonPeer['run']>): Contender[] =>
      python === undefined
        ? []
        : [
            {
              name: python.name,
              run: () => python.run(...command),
              timed: () => python.run(...command),
              answer: async () => (await python.run(...command)).digest,
            },
          ]
    const keys = scatteredKeys(Math.min(1_024, 8 * rows), rows)
    for (const lanes of [1, LANES]) {
      await compare({
        title: `get, ${lanes === 1 ? 'one at a time' : `${lanes} at a time`}, ${table}`,
        unit: 'get',
        units: keys.length,
        longRounds: ROUNDS,
        contenders: [
          ...opened.map(({ store, reader }) =>
            looking(store.name, () => inLanes(keys, lanes, (key) => reader.get(key))),
          ),
          ...inPython('get', keys, lanes),
        ],
      })
    }
    const many = scatteredKeys(Math.min(32 * BATCH_KEYS, 8 * rows), rows)
    await compare({
      title: `getMany of ${BATCH_KEYS} keys, ${table}`,
      unit: 'key',
      units: many.length,
      longRounds: ROUNDS,
      contenders: [
        ...opened.map(({ store, reader }) =>
          looking(store.name, () => inBatches(many, BATCH_KEYS, (batch) => reader.getMany(batch))),
        ),
        ...inPython('getMany', many, BATCH_KEYS),
      ],
    })
    await compare({
      title: `scan in key order, ${table}`,
      unit: 'row',
      units: rows,
      longRounds: ROUNDS,
      contenders: [
        ...opened
          .filter(({ store }) => builders.includes(store))
          .map(({ store, reader }): Contender => ({
            name: store.name,
            run: () => reader.scan(touch),
            answer: () => digestOf(async (visit) => reader.scan(visit)),
          })),
        ...inPython('scan', [], 0),
      ],
    })
    python?.close()
    for (const { reader } of opened) await reader.close()
  })
}
