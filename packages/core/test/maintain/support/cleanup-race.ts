import assert from 'node:assert/strict'
import {
  cleanupSnapshots,
  type CleanupReport,
  listRuns,
  listSnapshots,
  rollbackSnapshot,
} from '@shardyfusion/core/maintain'
import {
  isShardyfusionError,
  SnapshotReader,
  SnapshotUpdater,
  writeSnapshot,
} from '@shardyfusion/core'
import type { ObjectStore } from '@shardyfusion/core/extend'
import type { StoreCall } from '@shardyfusion/core/testing'
import { objectEngine } from '../../support/object-engine.js'
import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { watchReachability } from './reachability.js'

const ROWS = 12
const SHARDS = 4
const EXPECTED = new Set(['SHARD_BUSY', 'SHARD_NOT_FOUND'])

export interface RaceOptions {
  readonly objects: ObjectStore
  readonly prefix: string
  readonly seed: number
  /** Builds until the race ends. */
  readonly builds: number
  /** Pauses before and after every call, at most this long, in milliseconds. */
  readonly maxPauseMs: number
}

/** What happened, for a test to see that something did. */
export interface RaceOutcome {
  readonly builds: number
  readonly rollbacks: number
  readonly updates: number
  readonly refusedUpdates: number
  readonly refusedRollbacks: number
  readonly removedRuns: number
  readonly skipped: number
}

/** Lets builds, rollbacks and cleanups without any grace run into each other, and checks that nothing reachable goes. */
export async function raceCleanups(o: RaceOptions): Promise<RaceOutcome> {
  const random = seededRandom(o.seed)
  const pause = (call?: StoreCall): Promise<void> | void => {
    // Where a publication, a rollback or a removal is half done, it stays so for longer.
    const isHalfDone = call !== undefined && /\/(?:manifest|_CURRENT)$/.test(call.url)
    const ms = random() * o.maxPauseMs * (isHalfDone ? 8 : 1)
    return call !== undefined && ms < 0.3
      ? undefined
      : new Promise((resolve) => setTimeout(resolve, ms))
  }
  const { store, violations } = watchReachability(o.objects, pause)
  const { prefix } = o
  const at = { prefix, objects: store }
  const engine = objectEngine()
  /** The values of each run. */
  const expected = new Map<string, readonly string[]>()
  let begun = 0
  let updates = 0
  let running = true
  const count = {
    builds: 0,
    rollbacks: 0,
    updates: 0,
    refusedUpdates: 0,
    refusedRollbacks: 0,
    removedRuns: 0,
    skipped: 0,
  }

  async function build(): Promise<void> {
    const mark = `build ${begun}`
    const records = Array.from({ length: ROWS }, (_, i) => [i, `${mark} row ${i}`] as const)
    const options = { ...at, engine, sharding: { shards: SHARDS } }
    const { runId } = await writeSnapshot(records, { ...options, values: 'utf8' })
    expected.set(
      runId,
      records.map(([, value]) => value),
    )
    count.builds++
  }
  /** Changes one row of the current snapshot: most shards are then those of earlier runs. */
  async function update(): Promise<void> {
    const key = Math.floor(random() * ROWS)
    const value = `update ${updates++}`
    const updater = await SnapshotUpdater.open({ ...at, engine, values: 'utf8' })
    try {
      // A build is current before its promise has resolved.
      while (!expected.has(updater.baseRunId)) await pause()
      const values = [...expected.get(updater.baseRunId)!]
      values[key] = value
      expected.set(updater.runId, values)
      await updater.put(key, value)
      await pause()
      await updater.publish()
      count.updates++
    } finally {
      await updater.close()
    }
  }
  async function updating(): Promise<void> {
    while (running) {
      await pause()
      if (expected.size === 0) continue
      try {
        await update()
      } catch (error) {
        if (!isShardyfusionError(error)) throw error
        if (!EXPECTED.has(error.code) && error.details['conflict'] !== true) throw error
        count.refusedUpdates++
      }
    }
  }
  async function builder(): Promise<void> {
    while (begun++ < o.builds) {
      await build()
      // Every publication is a conflict for updates, so some of them must get their turn.
      const tried = count.updates + count.refusedUpdates
      while (count.updates + count.refusedUpdates < tried + 2) await pause()
    }
  }
  async function roller(): Promise<void> {
    while (running) {
      await pause()
      const listed = await listSnapshots({ ...at, limit: 100 })
      // Mostly the oldest, which a cleanup is most likely to be at.
      const target = random() < 0.7 ? listed.at(-1) : listed[Math.floor(random() * listed.length)]
      if (target === undefined) continue
      try {
        await rollbackSnapshot({ ...at, runId: target.runId })
        count.rollbacks++
      } catch (error) {
        if (!isShardyfusionError(error) || !EXPECTED.has(error.code)) throw error
        count.refusedRollbacks++
      }
    }
  }
  async function cleaner(keepLast: number): Promise<void> {
    while (running) {
      await pause()
      const report = await cleanupSnapshots({ ...at, keepLast, graceMs: 0 })
      tell(report)
    }
  }
  function tell(report: CleanupReport): void {
    for (const { outcome, error } of report.actions) {
      if (outcome === 'failed') throw error
      if (outcome === 'deleted') count.removedRuns++
      else count.skipped++
    }
  }

  const building = builder().finally(() => (running = false))
  const others = [roller(), roller(), updating(), updating(), cleaner(1), cleaner(2)]
  await Promise.all([building, ...others])
  assert.deepEqual(violations, [])

  // What is left is whole: everything listed can be read, and nothing else is there.
  for (const { runId } of await listSnapshots({ prefix, objects: o.objects, limit: 1000 })) {
    const from = { prefix, objects: o.objects, engine, runId }
    const reader = await SnapshotReader.open({ ...from, values: 'utf8', keys: 'decoded' })
    try {
      const keys = Array.from({ length: ROWS }, (_, i) => i)
      assert.deepEqual(await reader.getMany(keys), expected.get(runId))
    } finally {
      await reader.close()
    }
  }
  tell(await cleanupSnapshots({ prefix, objects: o.objects, keepLast: 1, graceMs: 0 }))
  const left = await listSnapshots({ prefix, objects: o.objects, limit: 1000 })
  const live = (await listRuns({ prefix, objects: o.objects, limit: 1000 })).filter((r) => r.isLive)
  assert.ok(left.length <= 2, `the newest and the current one are left, not ${left.length}`)
  assert.deepEqual(live, [], 'nobody left a mark')
  return count
}
