import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { listSnapshots } from '@shardyfusion/core/maintain'
import { SnapshotReader } from '@shardyfusion/core'
import type { S3Options } from '#dist/store/s3/connect/s3-options.js'
import { BuildProcess } from '../support/build-process.js'
import { withS3Server } from '../support/s3-server.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { type ChildBuild, rowsOf } from './build-child.js'

const ROUNDS = 2

const RACES = [
  { name: 'with run ids of their own', sameRun: false, resume: false },
  { name: 'with one run id', sameRun: true, resume: false },
  { name: 'that both resume one run', sameRun: true, resume: true },
] as const

for (const race of RACES) {
  test(`two processes ${race.name} race in a folder: each result is true, nothing is torn`, (t) =>
    raceBuilds(t, tempPrefix(), race, undefined))
}

await withS3Server('racing builds', ({ bucket, s3 }) => {
  for (const race of RACES) {
    test(`two processes ${race.name} race on S3: each result is true, nothing is torn`, (t) =>
      raceBuilds(t, `s3://${bucket}/${randomUUID()}`, race, s3))
  }
})

async function raceBuilds(
  t: TestContext,
  prefix: string,
  { sameRun, resume }: (typeof RACES)[number],
  s3: S3Options | undefined,
): Promise<void> {
  const racers = await Promise.all([BuildProcess.start(t), BuildProcess.start(t)])
  const outcomes: Record<string, number> = {}
  for (let round = 0; round < ROUNDS; round++) {
    const jobs = racers.map((_, i): ChildBuild => ({
      prefix,
      runId: sameRun ? `run-${round}` : `run-${round}-${i}`,
      rows: 100,
      shards: 3,
      // Of one run, both have the same input.
      mark: sameRun ? `round ${round}` : `round ${round}, racer ${i}`,
      resume,
      ...(s3 && { s3 }),
    }))
    const reports = await Promise.all(racers.map((racer, i) => racer.build(jobs[i]!)))
    const winners = new Map<string, ChildBuild>()
    for (const [i, report] of reports.entries()) {
      outcomes[report!.kind] = (outcomes[report!.kind] ?? 0) + 1
      if (report?.kind === 'published') winners.set(report.published.manifestRef, jobs[i]!)
      else if (report?.kind === 'failed') {
        // Only because the other one has published this run meanwhile.
        assert.ok(sameRun, report.message)
        assert.equal(report.code, 'SHARD_INVALID_OPTION', report.message)
        assert.match(report.message, /published below/)
      }
    }
    assert.ok(winners.size > 0, 'somebody wins')
    // Whoever was told to be published is, and can be read whole; the later of them is current.
    const current = await SnapshotReader.open({ prefix, engine: 'wasm', s3 })
    const { manifestRef } = current.info()
    await current.close()
    assert.ok(winners.has(manifestRef), `${manifestRef} is current, but nobody was told so`)
    for (const [ref, job] of winners) await assertWhole(job, ref)
  }
  const known = await listSnapshots({ prefix, s3 })
  assert.ok(known.length >= ROUNDS)
  t.diagnostic(`outcomes: ${JSON.stringify(outcomes)}`)
}

async function assertWhole(job: ChildBuild, manifestRef: string): Promise<void> {
  const { prefix, s3 } = job
  const options = { prefix, engine: 'wasm', keys: 'decoded', values: 'utf8', s3 } as const
  const reader = await SnapshotReader.open({ ...options, manifestRef })
  try {
    assert.equal(reader.info().runId, job.runId)
    const found: unknown[] = []
    for await (const [key, value] of reader.scanIter()) found.push([Number(key), value])
    assert.deepEqual(found, rowsOf(job))
  } finally {
    await reader.close()
  }
}
