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
      const waitMs = n === 1 ? undefined : random() * 1.2 * wholeMs
      const startedAt = performance.now()
      await runAndKill(job, waitMs)
      if (n === 1) wholeMs = performance.now() - startedAt
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

/** Runs the update in a process, and kills that some time after it began; `undefined` for not at all. */
async function runAndKill(job: ChildUpdate, waitMs: number | undefined): Promise<void> {
  const child = fork(CHILD)
  const ended = once(child, 'exit')
  /** The next message; an error if the process ends without one. */
  const next = async (): Promise<unknown> => {
    const early = ended.then(() => Promise.reject(new Error('the process ended by itself')))
    const [report] = (await Promise.race([once(child, 'message'), early])) as unknown[]
    return report
  }
  assert.deepEqual(await next(), { kind: 'ready' })
  child.send(job)
  assert.deepEqual(await next(), { kind: 'begun' })
  const done = next().then((report) => assert.deepEqual(report, { kind: 'published' }))
  // After the kill nothing comes.
  done.catch(() => {})
  let timer: NodeJS.Timeout | undefined
  const due = new Promise<void>((resolve) => {
    if (waitMs !== undefined) timer = setTimeout(resolve, waitMs)
  })
  await Promise.race([done, due])
  clearTimeout(timer)
  child.kill('SIGKILL')
  await ended
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
