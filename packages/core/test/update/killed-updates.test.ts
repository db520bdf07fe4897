import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { cleanupSnapshots, verifySnapshot } from '@shardyfusion/core/maintain'
import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { soak } from '@shardyfusion/test-support/soak'
import { type ChildUpdate, update } from './update-child.js'

/** Kills; 50 with SHARDYFUSION_SOAK=1. */
const KILLS = soak(5, 50)
const CHILD = fileURLToPath(new URL('./update-child.js', import.meta.url))
const ROWS = 120
const SHARDS = 4

type Model = Map<number, string>

test(
  `updates killed at ${KILLS} random moments lose nothing`,
  { timeout: 60_000 + KILLS * 10_000 },
  async (t) => {
    const random = seededRandom(Number(process.env['SHARDYFUSION_KILL_SEED'] ?? 1))
    const prefix = tempPrefix()
    let model: Model = new Map(Array.from({ length: ROWS }, (_, i) => [i, `row ${i}`]))
    let { runId: current } = await writeSnapshot(model, {
      prefix,
      values: 'utf8',
      sharding: { shards: SHARDS },
      engine: 'wasm',
    })
    let wholeMs = 400
    let cutShort = 0
    let resumed = 0
    for (let n = 1; n <= KILLS; n++) {
      const job = randomUpdate(prefix, n, random)
      const next = applied(model, job)
      // The first one runs to its end, to see how long that takes.
      let moment: Moment = { waitMs: n === 1 ? Infinity : random() * 1.2 * wholeMs }
      // Of those that are resumed, half are killed between two shards.
      if (n % 4 === 0) moment = { sealed: 1 + Math.floor(random() * (SHARDS - 1)), waitMs: 0 }
      const ms = await runAndKill(job, moment)
      if (n === 1) wholeMs = ms
      const seen = await currentOf(prefix)
      assert.ok(seen === current || seen === job.runId, seen)
      await assertSame(prefix, seen === job.runId ? next : model)
      if (seen === current) {
        cutShort++
        if (n % 3 === 0) await cleanupSnapshots({ prefix, keepLast: 1, graceMs: 0 })
        if (n % 2 === 0) {
          const { shardsResumed } = await update({ ...job, resume: true })
          resumed += shardsResumed
          await assertSame(prefix, next)
        }
      }
      current = await currentOf(prefix)
      if (current === job.runId) model = next
    }
    await cleanupSnapshots({ prefix, keepLast: 1, graceMs: 0 })
    await assertSame(prefix, model)
    const { ok } = await verifySnapshot({ prefix })
    assert.ok(ok)
    t.diagnostic(
      `${cutShort} of ${KILLS} were killed before they published; ${resumed} shards resumed`,
    )
    if (KILLS >= 50) assert.ok(cutShort > 5 && resumed > 0)
  },
)

function randomUpdate(prefix: string, n: number, random: () => number): ChildUpdate {
  const changes = Array.from({ length: 12 }, () => {
    const key = Math.floor(random() * ROWS * 1.2)
    return [key, random() < 0.3 ? null : `update ${n} of ${key}`] as const
  })
  return { prefix, runId: `update-${n}`, changes, resume: true }
}

function applied(model: Model, { changes }: ChildUpdate): Model {
  const next = new Map(model)
  for (const [key, value] of changes) {
    if (value === null) next.delete(key)
    else next.set(key, value)
  }
  return next
}

/** Some time after the update has begun, or after it has sealed so many shards. */
interface Moment {
  readonly sealed?: number
  readonly waitMs: number
}

/**
 * Runs the update in a process, and kills that at a moment, or when it has published. Returns the time since the update
 * has begun, in ms.
 */
async function runAndKill(job: ChildUpdate, { sealed, waitMs }: Moment): Promise<number> {
  const child = fork(CHILD)
  const ended = once(child, 'exit')
  let left = sealed ?? 0
  let begunAt = 0
  let timer: NodeJS.Timeout | undefined
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the process ended by itself')))
    child.on('message', ({ kind, message }: { kind: string; message?: string }) => {
      if (kind === 'ready') child.send(job)
      else if (kind === 'published') resolve()
      else if (kind === 'failed') reject(new Error(message))
      else if (kind === 'begun') begunAt = performance.now()
      const isDue = kind === 'begun' ? sealed === undefined : kind === 'sealed' && --left === 0
      if (isDue && waitMs !== Infinity) timer = setTimeout(resolve, waitMs)
    })
  })
  clearTimeout(timer)
  const ms = performance.now() - begunAt
  child.kill('SIGKILL')
  await ended
  return ms
}

async function currentOf(prefix: string): Promise<string> {
  await using reader = await SnapshotReader.open({ prefix, engine: 'wasm' })
  return reader.info().runId
}

async function assertSame(prefix: string, model: Model): Promise<void> {
  await using reader = await SnapshotReader.open({
    prefix,
    engine: 'wasm',
    keys: 'decoded',
    values: 'utf8',
  })
  const found: Model = new Map()
  for await (const [key, value] of reader.scanIter()) found.set(Number(key), value)
  assert.deepEqual(found, model)
}
