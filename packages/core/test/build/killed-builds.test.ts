import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { cleanupSnapshots } from '@shardyfusion/core/maintain'
import { SnapshotReader } from '@shardyfusion/core'
import type { S3Options } from '#dist/store/s3/connect/s3-options.js'
import { BuildProcess } from '../support/build-process.js'
import { withS3Server } from '../support/s3-server.js'
import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { soak } from '@shardyfusion/test-support/soak'
import { build, type ChildBuild, rowsOf } from './build-child.js'

/**
 * Builds killed in a folder, and a quarter as many on S3. More show what is rare:
 * `SHARDYFUSION_SOAK=20 npm test -- killed-builds`.
 */
const KILLS = soak(8, 30)
const SEED = Number(process.env['SHARDYFUSION_KILL_SEED'] ?? 1)
const ROWS = 80
const SHARDS = 4
/** After a kill the run is resumed, built again, or left for the next one to take over. */
const SEQUELS = ['resume', 'again', 'leave'] as const

interface Tally {
  cutShort: number
  resumedShards: number
  cleaned: number
}

test(
  `builds in a folder killed at ${KILLS} random moments`,
  { timeout: 60_000 + KILLS * 20_000 },
  (t) => killBuilds(t, tempPrefix(), KILLS, undefined),
)

await withS3Server('killed builds', ({ bucket, s3 }) => {
  const kills = Math.ceil(KILLS / 4)
  test(
    `builds on S3 killed at ${kills} random moments`,
    { timeout: 60_000 + kills * 20_000 },
    (t) => killBuilds(t, `s3://${bucket}/${randomUUID()}`, kills, s3),
  )
})

/** Whatever is killed, readers see whole snapshots, and nothing that can be reached is cleaned up. */
async function killBuilds(
  t: TestContext,
  prefix: string,
  kills: number,
  s3: S3Options | undefined,
): Promise<void> {
  const random = seededRandom(SEED)
  const tally: Tally = { cutShort: 0, resumedShards: 0, cleaned: 0 }
  const jobOf = (n: number): ChildBuild => ({
    prefix,
    runId: `run-${n}`,
    rows: ROWS + n,
    shards: SHARDS,
    mark: `of ${n}`,
    resume: true,
    ...(s3 && { s3 }),
  })
  // The time of a build in its own process, so that some are killed early, some late and some never. It is
  // corrected by every build, because the first one is slower and the load of the machine changes.
  let current = jobOf(0)
  const first = await BuildProcess.start(t)
  const startedAt = performance.now()
  assert.equal((await first.build(current))?.kind, 'published')
  let wholeMs = performance.now() - startedAt
  await first.kill()

  for (let n = 1; n <= kills; n++) {
    const job = jobOf(n)
    const waitMs = random() * 1.2 * wholeMs
    const { done, tookMs } = await killAfter(t, job, waitMs)
    wholeMs = done ? Math.min(wholeMs, (wholeMs + tookMs) / 2) : Math.max(wholeMs, waitMs)
    const seen = await whoIsCurrent(prefix, s3)
    assert.ok(done ? seen === job.runId : [current.runId, job.runId].includes(seen), seen)
    const published = seen === job.runId
    if (!published) tally.cutShort++
    if (published) current = job
    await assertWhole(current, seen)

    await clean(job, current, tally)
    await assertWhole(current, seen)
    const sequel = SEQUELS[n % SEQUELS.length]
    if (published || sequel === 'leave') continue
    const { shardsResumed } = await build({ ...job, resume: sequel === 'resume' })
    tally.resumedShards += shardsResumed
    const before = current
    current = job
    await assertWhole(current, job.runId)
    await clean(job, before, tally)
    await assertWhole(current, job.runId)
    // The snapshot before is kept, and readers may be pinned to it.
    await assertWhole(before, before.runId, before.runId)
  }
  t.diagnostic(
    `${tally.cutShort} of ${kills} builds were killed before they had published; then ` +
      `${tally.resumedShards} sealed shards were taken over, and ${tally.cleaned} objects cleaned up`,
  )
  assert.ok(tally.cutShort > 0, 'no build was killed before it had published')
  if (kills >= 50) assert.ok(tally.resumedShards > 0, 'no sealed shard was ever taken over')
}

/** Starts a build and kills it some time after it began; `done` if it was published by then. */
async function killAfter(
  t: TestContext,
  job: ChildBuild,
  waitMs: number,
): Promise<{ done: boolean; tookMs: number }> {
  const child = await BuildProcess.start(t)
  let timer: NodeJS.Timeout | undefined
  const startedAt = performance.now()
  const outcome = child.build(job)
  const due = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), waitMs)
  })
  const report = await Promise.race([outcome, due])
  clearTimeout(timer)
  const tookMs = performance.now() - startedAt
  await child.kill()
  // It may have been published between the timer and the kill.
  const last = report ?? (await outcome)
  assert.notEqual(last?.kind, 'failed', JSON.stringify(last))
  return { done: last?.kind === 'published', tookMs }
}

/** Cleans up as eagerly as can be; the runs named must not suffer by it. */
async function clean(job: ChildBuild, kept: ChildBuild, tally: Tally): Promise<void> {
  const { prefix, s3 } = job
  const o = { prefix, s3, keepLast: 1, keepRuns: [kept.runId], graceMs: 0 }
  const report = await cleanupSnapshots(o)
  for (const action of report.actions) assert.notEqual(action.outcome, 'failed', action.note)
  tally.cleaned += report.objects
}

async function whoIsCurrent(prefix: string, s3: S3Options | undefined): Promise<string> {
  const reader = await SnapshotReader.open({ prefix, engine: 'wasm', s3 })
  const { runId } = reader.info()
  await reader.close()
  return runId
}

/** Every row is there, by scan and by key. */
async function assertWhole(job: ChildBuild, expected: string, runId?: string): Promise<void> {
  const { prefix, s3, rows } = job
  const options = {
    prefix,
    engine: 'wasm',
    keys: 'decoded',
    values: 'utf8',
    s3,
    runId,
  } as const
  const reader = await SnapshotReader.open(options)
  try {
    assert.equal(reader.info().runId, expected)
    const found: unknown[] = []
    for await (const [key, value] of reader.scanIter()) found.push([Number(key), value])
    assert.deepEqual(found, rowsOf(job))
    const keys = Array.from({ length: rows + 1 }, (_, i) => i)
    const values: (string | undefined)[] = rowsOf(job).map(([, value]) => value)
    assert.deepEqual(await reader.getMany(keys), [...values, undefined])
  } finally {
    await reader.close()
  }
}
