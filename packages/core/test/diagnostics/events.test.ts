import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cleanupSnapshots } from '@shardyfusion/core/maintain'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { faultyEngine, faultyStore } from '@shardyfusion/core/testing'
import { heard } from '../support/heard.js'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { objectEngine } from '../support/object-engine.js'

test('builds, reads, refreshes, lookups and cleanups are told', async (t) => {
  const builds = heard(t, 'build')
  const opens = heard(t, 'open')
  const refreshes = heard(t, 'refresh')
  const lookups = heard(t, 'lookup')
  const cleanups = heard(t, 'cleanup')
  const place = memoryPlace()
  const { prefix, objects } = place
  const first = await publishRows(place, 'first', 20)
  assert.deepEqual(
    builds.map(({ outcome, runId, rows, manifestRef }) => [outcome, runId, rows, manifestRef]),
    [['published', first.runId, 20, first.manifestRef]],
  )
  await using reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  assert.deepEqual(
    opens.map(({ runId, fellBack, reader: name }) => [runId, fellBack, name]),
    [[first.runId, false, 'SnapshotReader']],
  )
  assert.deepEqual(opens[0]!.stats().lookups, reader.stats().lookups)
  await reader.getMany([1, 2, 99])
  assert.deepEqual(
    lookups.map(({ method, keys, found, weight }) => [method, keys, found, weight]),
    [['getMany', 3, 2, 1]],
  )
  assert.ok(lookups[0]!.durationMs >= 0 && lookups[0]!.durationMs < 60_000)
  await reader.refresh()
  const second = await publishRows(place, 'second')
  await reader.refresh()
  await objects.delete(`${prefix}/_CURRENT`)
  await assert.rejects(reader.refresh())
  assert.deepEqual(
    refreshes.map(({ outcome, runId }) => [outcome, runId]),
    [
      ['unchanged', first.runId],
      ['moved', second.runId],
      ['failed', second.runId],
    ],
  )
  assert.ok(refreshes[2]!.error instanceof Error)
  await cleanupSnapshots({ prefix, objects, keepLast: 1 })
  assert.deepEqual(
    cleanups.map(({ kind, runId, outcome }) => [kind, runId, outcome]),
    [['old-run', first.runId, 'deleted']],
  )
})

test('failures, retries and warnings of builds are told', async (t) => {
  const builds = heard(t, 'build')
  const retries = heard(t, 'shard-retry')
  const warnings = heard(t, 'warning')
  const place = memoryPlace(
    faultyEngine(objectEngine(), { strikes: (a) => a.attempt === 0 && a.shard === 0 }),
  )
  const objects = faultyStore(place.objects, {
    strikes: ({ operation, url }) => operation === 'put' && url.endsWith('/run.yaml'),
  })
  const options = { sharding: { shards: 2 }, values: 'utf8' } as const
  const rows = Array.from({ length: 20 }, (_, i) => [i, 'value'] as const)
  const retry = { initialBackoffMs: 1 }
  await writeSnapshot(rows, { ...place, ...options, objects, retry })
  assert.deepEqual(
    retries.map(({ shard, attempts }) => [shard, attempts]),
    [[0, 1]],
  )
  assert.ok(warnings.some(({ message }) => /record of run .* could not be written/.test(message)))
  assert.deepEqual(
    builds.map(({ outcome }) => outcome),
    ['published'],
  )

  function* failing(): Generator<readonly [number, string]> {
    yield [1, 'one']
    throw new Error('source failed')
  }
  await assert.rejects(writeSnapshot(failing(), { ...memoryPlace(), ...options }))
  assert.equal(builds[1]!.outcome, 'failed')
  assert.ok(builds[1]!.error instanceof Error)
})
