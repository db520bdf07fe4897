import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listRuns, listSnapshots, rollbackSnapshot } from '@shardyfusion/core/maintain'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import { ObjectRunRegistry } from '#dist/snapshot/runs/object-run-registry.js'
import { SnapshotReader } from '@shardyfusion/core'
import { CLEANUP_TYPE } from '#dist/snapshot/runs/run-claims.js'
import { runRecord } from '../snapshot/runs/support/records.js'
import { withPut } from '../support/failing-store.js'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

async function threeSnapshots() {
  const { engine, ...place } = memoryPlace()
  const published = []
  for (const mark of ['a', 'b', 'c']) published.push(await publishRows({ ...place, engine }, mark))
  const [a, b, c] = published
  const current = async (): Promise<string | undefined> =>
    (await new ObjectManifestStore(place.objects, place.prefix).loadCurrent())?.ref
  return { place, engine, a: a!, b: b!, c: c!, current }
}

test('offset: counts back from the current snapshot, not from the newest', async () => {
  const { place, engine, a, b, c, current } = await threeSnapshots()
  await using reader = await SnapshotReader.open({ ...place, engine, values: 'utf8' })
  const back = await rollbackSnapshot({ ...place, offset: 1 })
  assert.deepEqual([back.from?.ref, back.to.ref], [c.manifestRef, b.manifestRef])
  const again = await rollbackSnapshot({ ...place, offset: 1 })
  assert.deepEqual([again.from?.ref, again.to.ref], [b.manifestRef, a.manifestRef])
  assert.equal(await reader.refresh(), true)
  assert.equal(await reader.get(1), 'a 1')
  await rejectsWith('SHARD_NOT_FOUND', /offset must be at most 0 .*, got 1/, () =>
    rollbackSnapshot({ ...place, offset: 1 }),
  )
  assert.equal(await current(), a.manifestRef)
})

test('runId and manifestRef: name the snapshot, forward as well', async () => {
  const { place, a, c, current } = await threeSnapshots()
  await rollbackSnapshot({ ...place, runId: a.runId })
  assert.equal(await current(), a.manifestRef)
  const { from, to } = await rollbackSnapshot({ ...place, manifestRef: c.manifestRef })
  assert.deepEqual([from?.runId, to.runId], [a.runId, c.runId])
  assert.equal(await current(), c.manifestRef)
})

test('the pointer stays where it is when the snapshot is gone or broken', async () => {
  const { place, a, b, c, current } = await threeSnapshots()
  await place.objects.delete(a.manifestRef)
  await place.objects.put(b.manifestRef, new Uint8Array(100))
  await rejectsWith('SHARD_NOT_FOUND', /has published nothing/, () =>
    rollbackSnapshot({ ...place, runId: a.runId }),
  )
  await rejectsWith('SHARD_NOT_FOUND', /the manifest .* does not exist/, () =>
    rollbackSnapshot({ ...place, manifestRef: a.manifestRef }),
  )
  await rejectsWith('SHARD_MANIFEST', /SQLite/, () => rollbackSnapshot({ ...place, offset: 1 }))
  assert.equal(await current(), c.manifestRef)
  const [last] = await listRuns({ ...place, limit: 1 })
  assert.equal(last?.record?.status, 'failed')
  assert.equal(last?.record?.errorType, 'ManifestParseError')
})

test('a broken or missing pointer is mended, but not counted back from', async () => {
  const { place, b, current } = await threeSnapshots()
  const pointer = `${place.prefix}/_CURRENT`
  await place.objects.put(pointer, new TextEncoder().encode('{'))
  const listed = await listSnapshots(place)
  assert.deepEqual([listed.length, listed.some(({ isCurrent }) => isCurrent)], [3, false])
  await rejectsWith('SHARD_MANIFEST', /current pointer/, () =>
    rollbackSnapshot({ ...place, offset: 1 }),
  )
  assert.equal((await rollbackSnapshot({ ...place, runId: b.runId })).from, undefined)
  assert.equal(await current(), b.manifestRef)
  await place.objects.delete(pointer)
  await rejectsWith('SHARD_NOT_FOUND', /no current snapshot to count back from; give a runId/, () =>
    rollbackSnapshot({ ...place, offset: 1 }),
  )
  assert.equal((await rollbackSnapshot({ ...place, runId: b.runId })).from, undefined)
})

test('a pointer that cannot be written stays, and the error may be retried', async () => {
  const { place, a, c, current } = await threeSnapshots()
  const objects = withPut(place.objects, (url, bytes, options, put) =>
    url.endsWith('/_CURRENT') ? Promise.reject(new Error('disk full')) : put(url, bytes, options),
  )
  const error = await rejectsWith('SHARD_PUBLISH', /pointer to .* could not be written/, () =>
    rollbackSnapshot({ ...place, objects, runId: a.runId }),
  )
  assert.equal(error.retryable, true)
  assert.equal(await current(), c.manifestRef)
})

test('a snapshot that a cleanup is about to remove is refused', async () => {
  const { place, a, c, current } = await threeSnapshots()
  const runs = new ObjectRunRegistry(place.objects, place.prefix)
  const mark = runRecord({
    runId: a.runId,
    writerType: CLEANUP_TYPE,
    leaseExpiresAt: new Date(Date.now() + 60_000).toISOString(),
  })
  const ref = await runs.create(mark)
  const error = await rejectsWith('SHARD_BUSY', /cleanup is removing/, () =>
    rollbackSnapshot({ ...place, runId: a.runId }),
  )
  assert.equal(error.retryable, true)
  assert.equal(await current(), c.manifestRef)
  await runs.update(ref, { ...mark, status: 'failed' })
  await rollbackSnapshot({ ...place, runId: a.runId })
  assert.equal(await current(), a.manifestRef)
})

test('a rollback leaves a record', async () => {
  const { place, a } = await threeSnapshots()
  await rollbackSnapshot({ ...place, runId: a.runId })
  const [last] = await listRuns({ ...place, limit: 1 })
  assert.equal(last?.record?.writerType, 'typescript-rollback')
  assert.equal(last?.record?.status, 'succeeded')
  assert.equal(last?.record?.manifestRef, a.manifestRef)
})

test('one way to name the snapshot must be given, and no other option', async () => {
  const prefix = 'memory://nothing/here'
  for (const options of [{}, { runId: 'a', offset: 1 }]) {
    await rejectsWith('SHARD_INVALID_OPTION', /exactly one of runId, manifestRef and offset/, () =>
      rollbackSnapshot({ prefix, ...options }),
    )
  }
  await rejectsWith('SHARD_INVALID_OPTION', /offset must be an integer of 1 or more/, () =>
    rollbackSnapshot({ prefix, offset: 0 }),
  )
  await rejectsWith('SHARD_INVALID_OPTION', /unknown option "run"/, () =>
    rollbackSnapshot({ prefix, runId: 'a', run: 'a' } as never),
  )
})
