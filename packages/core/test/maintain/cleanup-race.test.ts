import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { FileStore, MemoryStore, openObjectStore } from '@shardyfusion/core'
import { withS3Server } from '../support/s3-server.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { soak } from '@shardyfusion/test-support/soak'
import { raceCleanups, type RaceOutcome } from './support/cleanup-race.js'

/** Builds of each race; more with SHARDYFUSION_SOAK=1. */
const BUILDS = soak(16, 30)

function somethingHappened(count: RaceOutcome): void {
  assert.equal(count.builds, BUILDS)
  assert.ok(count.removedRuns > BUILDS / 4, JSON.stringify(count))
  assert.ok(count.rollbacks > 5, JSON.stringify(count))
  assert.ok(count.updates > 0, JSON.stringify(count))
}

test('cleanup beside builds, updates and rollbacks never removes what is reachable: memory', async (t) => {
  const place = { objects: new MemoryStore(), prefix: 'memory://race/prefix' }
  const count = await raceCleanups({ ...place, seed: 1, builds: BUILDS, maxPauseMs: 2 })
  t.diagnostic(JSON.stringify(count))
  somethingHappened(count)
})

test('cleanup beside builds, updates and rollbacks never removes what is reachable: files', async (t) => {
  const place = { objects: new FileStore(), prefix: `${tempPrefix()}/race` }
  const count = await raceCleanups({ ...place, seed: 2, builds: BUILDS, maxPauseMs: 2 })
  t.diagnostic(JSON.stringify(count))
  somethingHappened(count)
})

await withS3Server('cleanup race', ({ bucket, s3 }) => {
  test('cleanup beside builds, updates and rollbacks never removes what is reachable: S3', async (t) => {
    const prefix = `s3://${bucket}/${randomUUID()}`
    const objects = await openObjectStore(prefix, { s3 })
    t.after(() => objects.close?.())
    const builds = Math.ceil(BUILDS / 4)
    const count = await raceCleanups({ objects, prefix, seed: 3, builds, maxPauseMs: 2 })
    t.diagnostic(JSON.stringify(count))
    assert.equal(count.builds, builds)
    assert.ok(count.removedRuns > 0, JSON.stringify(count))
  })
})
