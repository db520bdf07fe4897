// What does the synchronous API cost compared with `await`? Measured on all cores, then on one core.
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { ShardReader, SnapshotReader } from '@shardyfusion/core'
import { ShardReaderSync, SnapshotReaderSync, writeSnapshotSync } from '@shardyfusion/sync'
import { createSyncFn } from 'synckit'
import { Bridge } from '../../packages/sync/dist/modules/bridge/bridge.js'
import { bridgeCalls, type nothingOpen } from './support/bridge-calls.js'
import { holdApart } from './support/hold-apart.js'
import { compare, type Timing } from './support/compare.js'
import { rows, scatteredKeys } from './support/rows.js'
import { SHORT } from './support/short.js'
import makeEngine from './support/synthetic-engine.js'
import { withTempDir } from './support/temp-dir.js'
import { median, rounded } from './support/statistics.js'
import { holdTo } from './support/verdict.js'

const ROWS = SHORT ? 2_000 : 100_000
const GETS = SHORT ? 100 : 2_000
const SYNTHETIC_ROWS = SHORT ? 10_000 : 2_000_000
const SHARDS = 4
const CALLS = SHORT ? 100 : 4_000
const ROUNDS = 9

// Read this before threads are pinned to cores, because pinning changes the value.
const onOne = availableParallelism() === 1
const where = onOne ? 'one core' : 'a core for each thread'
const support = (name: string): URL => new URL(`./support/${name}.js`, import.meta.url)

nullCalls()
await withTempDir(async ({ url }) => {
  const prefix = url('snapshot')
  holdApart(() => writeSnapshotSync(rows(ROWS), { prefix, sharding: { shards: SHARDS } }))
  await lookups(prefix)
  await scans(prefix)
})
await syntheticScans()
if (!onOne && process.platform === 'linux') pinned()

function nullCalls(): void {
  const nothing = new Uint8Array(0)
  const limits = { where: 'bench' }
  const { synckit, bridge } = holdApart(() => {
    const contenders = {
      synckit: createSyncFn<() => undefined>(support('synckit-worker')),
      bridge: new Bridge<typeof nothingOpen, typeof bridgeCalls>(
        { table: bridgeCalls, workerUrl: support('bridge-worker') },
        'bench',
      ),
    }
    contenders.synckit()
    contenders.bridge.callPacked('nothing', nothing, limits)
    return contenders
  })
  const theirs: number[] = []
  const ours: number[] = []
  for (let round = 0; round < (SHORT ? 1 : ROUNDS); round++) {
    theirs.push(usualMicros(() => synckit()))
    ours.push(usualMicros(() => bridge.callPacked('nothing', nothing, limits)))
  }
  console.log(`\n  a call that does nothing, ${where}`)
  console.log(`    synckit ${rounded(median(theirs))} µs, bridge ${rounded(median(ours))} µs`)
  const speed = { value: median(theirs.map((t, i) => t / ours[i]!)), unit: 'times as fast' }
  holdTo({ what: `null call against synckit, ${where}`, ...speed, atLeast: onOne ? 1.4 : 10 })
  if (onOne) holdTo({ what: `null call, ${where}`, value: median(ours), unit: 'µs', atMost: 12 })
  bridge.quiesce()
}

/** The median of many calls, each timed separately. A mean would include the pauses of the machine. */
function usualMicros(call: () => unknown): number {
  const each = Array.from({ length: CALLS }, () => {
    const begun = performance.now()
    call()
    return (performance.now() - begun) * 1000
  })
  return median(each)
}

async function lookups(prefix: string): Promise<void> {
  const keys = scatteredKeys(GETS, ROWS)
  const cases: readonly [title: string, options: { valueCacheBytes?: number }][] = [
    ['get, as it comes', {}],
    ['get, nothing cached', { valueCacheBytes: 0 }],
  ]
  for (const [title, options] of cases) {
    const reader = await SnapshotReader.open({ prefix, ...options })
    const sync = SnapshotReaderSync.open({ prefix, ...options })
    const [, ours] = await compare({
      title: `${title}, ${where}`,
      unit: 'get',
      units: keys.length,
      longRounds: ROUNDS,
      contenders: [
        {
          name: 'await SnapshotReader.get',
          run: async () => {
            for (const key of keys) await reader.get(key)
          },
          answer: () => Promise.all(keys.map((key) => reader.get(key))),
        },
        {
          name: 'SnapshotReaderSync.get',
          run: () => {
            for (const key of keys) sync.get(key)
          },
          answer: () => keys.map((key) => sync.get(key)),
        },
      ],
    })
    // Without the cache, every lookup switches threads twice. On one core that costs more than the lookup, so it is
    // reported and not promised.
    if (options.valueCacheBytes === undefined) {
      holdTo({ what: `${title}, ${where}`, ...share(ours), atMost: 1.5 })
    }
    await reader.close()
    sync.close()
  }
}

async function scans(prefix: string): Promise<void> {
  const reader = await SnapshotReader.open({ prefix })
  using sync = SnapshotReaderSync.open({ prefix })
  let rowsSeen = 0
  const measure = async (by: string, awaited: () => Promise<void>, plain: () => void) => {
    const [, ours] = await compare({
      title: `scan of a snapshot by ${by}, ${where}`,
      unit: 'row',
      units: ROWS,
      longRounds: ROUNDS,
      contenders: [
        { name: 'await SnapshotReader.scanIter', run: awaited },
        { name: 'SnapshotReaderSync.scanIter', run: plain },
      ],
    })
    holdTo({ what: `scan by ${by}, ${where}`, ...times(ours), atLeast: 0.9 })
  }
  await measure(
    'chunks',
    async () => {
      for await (const chunk of reader.scanIter().chunks()) rowsSeen += chunk.count
    },
    () => {
      for (const chunk of sync.scanIter().chunks()) rowsSeen += chunk.count
    },
  )
  await measure(
    'entries',
    async () => {
      for await (const [key] of reader.scanIter()) rowsSeen += key.length / 8
    },
    () => {
      for (const [key] of sync.scanIter()) rowsSeen += key.length / 8
    },
  )
  if (rowsSeen === 0) throw new Error('nothing was scanned')
  await reader.close()
}

async function syntheticScans(): Promise<void> {
  const url = 'memory://bench/synthetic'
  const options = { rows: SYNTHETIC_ROWS }
  const reader = await ShardReader.open({ url, engine: makeEngine(options) })
  using sync = ShardReaderSync.open({ url, engine: makeEngine(options) })
  let rowsSeen = 0
  const [, ours] = await compare({
    title: `scan of an engine that takes no time, ${where}`,
    unit: 'row',
    units: SYNTHETIC_ROWS,
    longRounds: ROUNDS,
    contenders: [
      {
        name: 'await ShardReader.scanIter, chunks',
        run: async () => {
          for await (const chunk of reader.scanIter().chunks()) rowsSeen += chunk.count
        },
      },
      {
        name: 'ShardReaderSync.scanIter, chunks',
        run: () => {
          for (const chunk of sync.scanIter().chunks()) rowsSeen += chunk.count
        },
      },
    ],
  })
  const rate = { value: 1 / ours!.wall, unit: 'million rows a second' }
  holdTo({ what: `scan of an engine that takes no time, ${where}`, ...rate, atLeast: 3 })
  if (rowsSeen === 0) throw new Error('nothing was scanned')
  await reader.close()
}

/** Repeats the benchmark with all threads on the first core. */
function pinned(): void {
  const script = fileURLToPath(import.meta.url)
  const args = ['-c', '0', process.execPath, ...process.execArgv, script]
  const { error, status } = spawnSync('taskset', args, { stdio: 'inherit' })
  if (error !== undefined) console.log('    not measured on one core: taskset is not installed')
  else if (status !== 0) process.exitCode = status ?? 1
}

function times(timing: Timing | undefined): { value: number; unit: string } {
  return { value: timing!.speed.median, unit: 'times as fast' }
}

function share(timing: Timing | undefined): { value: number; unit: string } {
  return { value: 1 / timing!.speed.median, unit: 'times the time of await' }
}
