import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listRuns, listSnapshots, rollbackSnapshot } from '@shardyfusion/core/maintain'
import { ObjectRunRegistry } from '#dist/snapshot/runs/object-run-registry.js'
import { runRecord } from '../snapshot/runs/support/records.js'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

test('listSnapshots: newest first, and which one is current', async () => {
  const { engine, ...place } = memoryPlace()
  assert.deepEqual(await listSnapshots(place), [])
  const runIds: string[] = []
  for (const mark of ['a', 'b', 'c']) {
    runIds.unshift((await publishRows({ ...place, engine }, mark)).runId)
  }
  const all = await listSnapshots(place)
  assert.deepEqual(
    all.map(({ runId, isCurrent }) => [runId, isCurrent]),
    runIds.map((runId, i) => [runId, i === 0]),
  )
  await rollbackSnapshot({ ...place, offset: 2 })
  const [newest, ...others] = await listSnapshots({ ...place, limit: 3 })
  assert.equal(newest!.isCurrent, false)
  assert.equal(others[1]!.isCurrent, true)
  assert.equal((await listSnapshots({ ...place, limit: 1 })).length, 1)
})

test('listSnapshots: refuses options there are not', async () => {
  await rejectsWith('SHARD_INVALID_OPTION', /unknown option "limits"/, () =>
    listSnapshots({ prefix: 'memory://x', limits: 1 } as never),
  )
  await rejectsWith(
    'SHARD_INVALID_OPTION',
    /limit must be an integer of 1 or more \(snapshots\)/,
    () => listSnapshots({ prefix: 'memory://x', limit: 0 }),
  )
})

test('listRuns: records newest first, broken ones with what is wrong with them', async () => {
  const { engine: _engine, ...place } = memoryPlace()
  const runs = new ObjectRunRegistry(place.objects, place.prefix)
  const later = new Date(Date.now() + 60_000).toISOString()
  const dead = await runs.create(runRecord({ runId: 'dead' }))
  const broken = await runs.create(runRecord({ runId: 'broken' }))
  const alive = await runs.create(runRecord({ runId: 'alive', leaseExpiresAt: later }))
  await place.objects.put(broken, new TextEncoder().encode('- no\n'))
  const listed = await listRuns(place)
  assert.deepEqual(
    listed.map((run) => [run.ref, run.isLive, run.record?.status, run.problem?.code]),
    [
      [alive, true, 'running', undefined],
      [broken, false, undefined, 'SHARD_MANIFEST'],
      [dead, false, 'running', undefined],
    ],
  )
  assert.deepEqual(
    (await listRuns({ ...place, limit: 1 })).map(({ runId }) => runId),
    ['alive'],
  )
  assert.deepEqual(await listRuns({ ...place, runRegistryPrefix: 'builds' }), [])
})
