// Does the project keep its promises? Each line is a ratio or a time with its bound, in the order of the promises.
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { ChunkBuilder } from '@shardyfusion/core/extend'
import { openBareReader } from '@shardyfusion/core/testing'
import { WriteBatch } from '@slatedb/uniffi'
import { do_not_optimize } from 'mitata'
import { scan, type Visit } from './support/bare.js'
import { compare, type Contender, type Timing } from './support/compare.js'
import { describeRows, plainShardOf, SHARDS } from './support/data.js'
import { digestOf, touch } from './support/digest.js'
import { inLanes } from './support/lanes.js'
import { withReaders } from './support/readers.js'
import { rows, scatteredKeys, storedKey, valueOf } from './support/rows.js'
import { runChild } from './support/run-child.js'
import { SHORT } from './support/short.js'
import { median } from './support/statistics.js'
import { withTempDir } from './support/temp-dir.js'
import { holdTo } from './support/verdict.js'

const ROUNDS = 5
const SCANNED = SHORT ? 2_000 : 50_000
const BATCH = SHORT ? 1_000 : 10_000
const BUILT = SHORT ? 5_000 : 1_000_000
const GETS = SHORT ? 100 : 2_048
const KEPT_GETS = SHORT ? 100 : 50_000
const GROUP = 256

await withReaders(SCANNED, async ({ bareShard, bareShards, ours }) => {
  const { shard, snapshot } = ours.find(({ engine }) => engine === 'wasm')!

  const entries = async (visit: Visit): Promise<void> => {
    for await (const [key, value] of shard.scanIter()) visit(key, value)
  }
  const chunks = async (visit: Visit): Promise<void> => {
    for await (const chunk of shard.scanIter().chunks()) {
      for (let i = 0; i < chunk.count; i++) visit(chunk.key(i), chunk.value(i))
    }
  }
  const [, packed, one] = await compare({
    title: `scan of a shard, ${describeRows(SCANNED)}`,
    unit: 'row',
    units: SCANNED,
    longRounds: ROUNDS,
    contenders: [
      scanning('bare: next()', (visit) => scan(bareShard, visit)),
      scanning('scanIter, chunks', chunks),
      scanning('scanIter, entries', entries),
    ],
  })
  holdTo({ what: 'scan by packed chunks', ...times(packed), atLeast: 10 })
  holdTo({ what: 'scan by entries', ...times(one), atLeast: 6 })

  const [, built] = await compare({
    title: `a batch of ${BATCH.toLocaleString('en')} rows`,
    unit: 'row',
    units: BATCH,
    longRounds: ROUNDS,
    contenders: [
      { name: 'bare: WriteBatch.put', run: bareBatch },
      { name: 'ChunkBuilder.push', run: packedBatch },
    ],
  })
  holdTo({ what: 'building batches', ...times(built), atLeast: 5 })

  const keys = scatteredKeys(GETS, SCANNED)
  const [, get] = await compare({
    title: `get, warm, one at a time, a snapshot of ${SHARDS} shards`,
    unit: 'get',
    units: keys.length,
    longRounds: ROUNDS,
    contenders: [
      getting('bare: hash, get', keys, (key) => bareShards[plainShardOf(key)]!.get(storedKey(key))),
      getting('SnapshotReader.get', keys, (key) => snapshot.get(key)),
    ],
  })
  holdTo({ what: 'get, warm', ...times(get), atLeast: 3 })

  const group = scatteredKeys(GROUP, SCANNED)
  // Warm up until the code is compiled, as in a service after its first second.
  const repeats = SHORT ? 1 : 40
  const manyTimes = async (work: () => Promise<unknown>): Promise<void> => {
    for (let i = 0; i < repeats; i++) await work()
  }
  const [, , many] = await compare({
    title: `${GROUP} keys over ${SHARDS} shards`,
    unit: 'key',
    units: GROUP * repeats,
    longRounds: ROUNDS,
    contenders: [
      {
        name: 'bare: a loop of gets',
        units: GROUP,
        run: () => inLanes(group, 1, (key) => bareShards[plainShardOf(key)]!.get(storedKey(key))),
      },
      {
        name: 'SnapshotReader: a loop of gets',
        run: () => manyTimes(() => inLanes(group, 1, (key) => snapshot.get(key))),
        answer: () => inLanes(group, 1, (key) => snapshot.get(key)),
      },
      {
        name: 'SnapshotReader.getMany',
        run: () => manyTimes(() => snapshot.getMany(group)),
        answer: () => snapshot.getMany(group),
      },
    ],
  })
  holdTo({ what: 'getMany against a loop of bare gets', ...times(many), atLeast: 4 })
})

await withTempDir(async ({ url }) => {
  const prefix = url('one-shard')
  const { shards } = await writeSnapshot(rows(SCANNED), { prefix, sharding: { shards: 1 } })
  const bare = await openBareReader({ url: shards[0]!.url! })
  const plain = await SnapshotReader.open({ prefix, valueCacheBytes: 0 })
  const caching = await SnapshotReader.open({ prefix })
  const keys = scatteredKeys(GETS, SCANNED)
  await inLanes(keys, 1, (key) => caching.get(key))
  const often = scatteredKeys(KEPT_GETS, keys.length).map((i) => keys[i]!)
  const [engine, reader, cached] = await compare({
    title: 'what SnapshotReader.get adds to its engine',
    unit: 'get',
    units: often.length,
    longRounds: ROUNDS,
    contenders: [
      getting('the engine’s own getMany of one key', often, async (key) => {
        const [value] = await bare.getMany([storedKey(key)])
        return value
      }),
      getting('SnapshotReader.get', often, (key) => plain.get(key)),
      getting('SnapshotReader.get, cached', often, (key) => caching.get(key)),
    ],
  })
  // CPU time: both run on this thread only, and other load on the machine must not count.
  const added = { value: reader!.cpu! - engine!.cpu!, unit: 'µs of CPU' }
  holdTo({ what: 'what get adds to the engine', ...added, atMost: 3 })
  holdTo({ what: 'get of a cached value', value: cached!.cpu!, unit: 'µs of CPU', atMost: 2 })
  for (const opened of [bare, plain, caching]) await opened.close()
})

await withTempDir(async ({ url }) => {
  interface Build {
    readonly seconds: number
  }
  const speeds: number[] = []
  // A short run builds a million rows once; a full run builds them five times.
  for (let round = 0; round < (SHORT ? 1 : ROUNDS); round++) {
    const bare = await runChild<Build>('bare-build-child', url(`bare-${round}`), String(BUILT))
    const own = await runChild<Build>(
      'build-child',
      url(`own-${round}`),
      String(BUILT),
      String(SHARDS),
      'wasm',
    )
    speeds.push(bare.seconds / own.seconds)
    console.log(
      `    ${BUILT.toLocaleString('en')} rows in ${own.seconds.toFixed(1)} s, bare ${bare.seconds.toFixed(1)} s`,
    )
  }
  const what = `build of ${BUILT.toLocaleString('en')} rows, end to end`
  holdTo({ what, value: median(speeds), unit: 'times as fast', atLeast: 3 })

  interface Scan {
    readonly rows: number
    readonly peakBytes: number
  }
  const { peakBytes } = await runChild<Scan>('scan-child', url('own-0'))
  const peak = { value: peakBytes / 1e6, unit: 'MB resident at most' }
  holdTo({ what: 'ordered scan of all of it', ...peak, atMost: 200 })
})

function scanning(name: string, scanned: (visit: Visit) => Promise<void>): Contender {
  return { name, run: () => scanned(touch), answer: () => digestOf(scanned) }
}

function getting(
  name: string,
  keys: readonly number[],
  get: (key: number) => Promise<Uint8Array | undefined>,
): Contender {
  const run = async (): Promise<void> => {
    // Results are discarded immediately, as in a service.
    for (const key of keys) do_not_optimize(await get(key))
  }
  return { name, run, answer: () => inLanes(keys, 1, get) }
}

function bareBatch(): void {
  const batch = new WriteBatch()
  for (let i = 0; i < BATCH; i++) batch.put(storedKey(i), valueOf(i))
  batch.dispose()
}

function packedBatch(): void {
  const builder = new ChunkBuilder()
  for (let i = 0; i < BATCH; i++) builder.push(storedKey(i), valueOf(i))
  builder.finish()
}

function times(timing: Timing | undefined): { value: number; unit: string } {
  return { value: timing!.speed.median, unit: 'times as fast' }
}
