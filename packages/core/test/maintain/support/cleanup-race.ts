import assert from 'node:assert/strict'
import {
  cleanupSnapshots,
  type CleanupReport,
  listRuns,
  listSnapshots,
  rollbackSnapshot,
} from '@shardyfusion/core/maintain'
import { isShardyfusionError, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import type { ObjectStore } from '@shardyfusion/core/extend'
import type { StoreCall } from '@shardyfusion/core/testing'
import { objectEngine } from '../../support/object-engine.js'
import { seededRandom } from '../../support/seeded-random.js'
import { watchReachability } from './reachability.js'

const ROWS = 12
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
    return ms < 0.3 ? undefined : new Promise((resolve) => setTimeout(resolve, ms))
  }
  const { store, violations } = watchReachability(o.objects, pause)
  const { prefix } = o
  const at = { prefix, objects: store }
  const engine = objectEngine()
  const marks = new Map<string, string>()
  let begun = 0
  let running = true
  const count = { builds: 0, rollbacks: 0, refusedRollbacks: 0, removedRuns: 0, skipped: 0 }

  async function build(): Promise<void> {
    const mark = `build ${begun}`
    const records = Array.from({ length: ROWS }, (_, i) => [i, `${mark} row ${i}`] as const)
    const options = { ...at, engine, sharding: { shards: 2 } }
    const { runId } = await writeSnapshot(records, { ...options, values: 'utf8' })
    marks.set(runId, mark)
    count.builds++
  }
  async function builder(): Promise<void> {
    while (begun++ < o.builds) await build()
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

  const building = Promise.all([builder(), builder()]).finally(() => (running = false))
  await Promise.all([building, roller(), roller(), roller(), cleaner(1), cleaner(2)])
  assert.deepEqual(violations, [])

  // What is left is whole: everything listed can be read, and nothing else is there.
  for (const { runId } of await listSnapshots({ prefix, objects: o.objects, limit: 1000 })) {
    const from = { prefix, objects: o.objects, engine, runId }
    const reader = await SnapshotReader.open({ ...from, values: 'utf8', keys: 'decoded' })
    try {
      const expected = Array.from({ length: ROWS }, (_, i) => `${marks.get(runId)} row ${i}`)
      const keys = expected.map((_, i) => i)
      assert.deepEqual(await reader.getMany(keys), expected)
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
