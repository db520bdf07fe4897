import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cleanupSnapshots, planCleanup } from '@shardyfusion/core/maintain'
import type { ObjectStore } from '@shardyfusion/core/extend'
import { ShardyfusionError, SnapshotReader } from '@shardyfusion/core'
import { interceptStore } from '@shardyfusion/core/testing'
import { publishRows } from '../support/memory-place.js'
import { lineageOf, noteRun, runsWithData, type TestLineage } from './support/lineage.js'

const HOUR = 3_600_000

async function readFirst({ place }: TestLineage): Promise<unknown> {
  await using reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  return await reader.get(0)
}

const copy = async (objects: ObjectStore, from: string, to: string): Promise<void> =>
  void (await objects.put(to, (await objects.get(from))!))

test('data a kept manifest names stays, whatever run id the manifest is stored under', async () => {
  const lineage = await lineageOf('a', 'b', 'c')
  const { objects } = lineage.at
  const [a, , c] = lineage.published
  await copy(objects, a!.manifestRef, c!.manifestRef)
  const report = await cleanupSnapshots({ ...lineage.at, keepLast: 1, graceMs: 0 })
  assert.deepEqual(
    report.kept.map(({ runId, reason }) => [runId, reason]),
    [
      [c!.runId, 'current'],
      [a!.runId, 'referenced'],
    ],
  )
  assert.equal(await readFirst(lineage), 'a 0')
})

test('a manifest that names single shards of another run keeps that run', async () => {
  const lineage = await lineageOf('a', 'b')
  const [a, b] = lineage.published
  const { manifests } = lineage
  const ours = await manifests.loadManifest(b!.manifestRef)
  const theirs = await manifests.loadManifest(a!.manifestRef)
  await manifests.publish({
    ...ours,
    runId: 'mixed',
    entries: [theirs.entries[0]!, ...ours.entries.slice(1)],
  })
  await cleanupSnapshots({ ...lineage.at, keepLast: 1, graceMs: 0 })
  assert.deepEqual(new Set(await runsWithData(lineage)), new Set([a!.runId, b!.runId]))
})

test('a manifest that was put there after the plan keeps what it names', async () => {
  const lineage = await lineageOf('a', 'b')
  const [a, b] = lineage.published
  const plan = await planCleanup({ ...lineage.at, keepLast: 1, graceMs: 0 })
  assert.equal(plan.actions.length, 1)
  const later = b!.manifestRef.replace(
    /manifests\/.*Z_run_id=[^/]*/,
    'manifests/2101-01-01T00:00:00.000000Z_run_id=x',
  )
  await copy(lineage.at.objects, a!.manifestRef, later)
  const { actions } = await plan.execute()
  assert.deepEqual(
    actions.map(({ outcome, note }) => [outcome, note]),
    [['skipped', 'the manifest of run x now names its data']],
  )
  assert.ok((await runsWithData(lineage)).includes(a!.runId))
})

/** A store with no space left for anything, until enough objects were deleted. */
function full(objects: ObjectStore, deletions: number): ObjectStore {
  let left = deletions
  return interceptStore(objects, {
    before: ({ operation, url }) => {
      if (operation === 'put' && left > 0) {
        throw new ShardyfusionError('SHARD_STORE', `put of ${url} failed with ENOSPC`, {
          details: { errno: 'ENOSPC' },
        })
      }
    },
    after: ({ operation }) => {
      if (operation === 'delete' || operation === 'deletePrefix') left--
    },
  })
}

for (const [name, deletions] of [
  ['until records were removed', 1],
  ['until the end', Infinity],
] as const) {
  test(`cleanup works on a disk that is full ${name}`, async () => {
    const lineage = await lineageOf('a', 'b', 'c')
    const [a, b, c] = lineage.published
    await noteRun(lineage, a!.runId, -HOUR, { status: 'succeeded' })
    const objects = full(lineage.at.objects, deletions)
    const report = await cleanupSnapshots({ ...lineage.at, objects, keepLast: 1 })
    assert.deepEqual(
      report.actions.map(({ runId, outcome }) => [runId, outcome]),
      [
        [b!.runId, 'deleted'],
        [a!.runId, 'deleted'],
      ],
    )
    assert.deepEqual(await runsWithData(lineage), [c!.runId])
    assert.equal(await readFirst(lineage), 'c 0')
  })
}

test('a full disk does not make cleanup remove what a live run may need', async () => {
  const lineage = await lineageOf('a', 'b')
  const [a] = lineage.published
  const plan = await planCleanup({ ...lineage.at, keepLast: 1 })
  await noteRun(lineage, a!.runId, HOUR)
  const objects = full(lineage.at.objects, Infinity)
  const report = await cleanupSnapshots({ ...lineage.at, objects, keepLast: 1 })
  assert.deepEqual(report.actions, [])
  assert.equal(plan.actions.length, 1)
  const late = await plan.execute()
  assert.deepEqual(
    late.actions.map(({ outcome }) => outcome),
    ['skipped'],
  )
})

test('another failure of the mark still ends the removal before anything is deleted', async () => {
  const lineage = await lineageOf('a', 'b')
  const objects = interceptStore(lineage.at.objects, {
    before: ({ operation }) => {
      if (operation === 'put') throw new ShardyfusionError('SHARD_STORE', 'no permission')
    },
  })
  const report = await cleanupSnapshots({ ...lineage.at, objects, keepLast: 1 })
  assert.deepEqual(
    report.actions.map(({ outcome }) => outcome),
    ['failed'],
  )
  assert.equal((await runsWithData(lineage)).length, 2)
  await publishRows(lineage.place, 'c')
})
