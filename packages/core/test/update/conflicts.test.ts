import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isShardyfusionError,
  SnapshotReader,
  SnapshotUpdater,
  updateSnapshot,
} from '@shardyfusion/core'
import { cleanupSnapshots, listRuns, listSnapshots } from '@shardyfusion/core/maintain'
import { interceptStore } from '@shardyfusion/core/testing'
import { memoryPlace, type Place, publishRows } from '../support/memory-place.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const at = ({ prefix, objects }: Place) => ({ prefix, objects })

async function valueOf(place: Place, key: number): Promise<string | undefined> {
  await using reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  return await reader.get(key)
}

async function urlsBelow(place: Place, folder: string): Promise<string[]> {
  const urls: string[] = []
  for await (const { url } of place.objects.list(`${place.prefix}/${folder}`)) urls.push(url)
  return urls
}

test('expectedCurrent names the run, or the manifest, that must be current at the start', async () => {
  const place = memoryPlace()
  const first = await publishRows(place, 'first')
  const options = { ...place, values: 'utf8' } as const
  const second = await updateSnapshot([[1, 'x']], { ...options, expectedCurrent: first.runId })
  const third = await updateSnapshot([[1, 'y']], {
    ...options,
    expectedCurrent: second.manifestRef,
  })
  const error = await rejectsWith(
    'SHARD_PUBLISH',
    new RegExp(`"${first.runId}" was expected to be current, but run "${third.runId}" is`),
    () => updateSnapshot([[1, 'z']], { ...options, expectedCurrent: first.runId }),
  )
  assert.deepEqual(
    [error.details['conflict'], error.details['current'], error.retryable],
    [true, third.runId, false],
  )
  assert.equal(await valueOf(place, 1), 'y')
})

for (const expects of [true, false]) {
  test(`a snapshot published in between is a conflict, ${expects ? 'with' : 'without'} expectedCurrent`, async () => {
    const place = memoryPlace()
    const first = await publishRows(place, 'first')
    const updater = await SnapshotUpdater.open({
      ...place,
      values: 'utf8',
      ...(expects && { expectedCurrent: first.runId }),
    })
    await updater.put(1, 'lost')
    const second = await publishRows(place, 'second')
    const error = await rejectsWith(
      'SHARD_PUBLISH',
      /started from run .* but run .* is; nothing/,
      () => updater.publish(),
    )
    assert.deepEqual(
      [error.details['conflict'], error.details['current'], error.retryable],
      [true, second.runId, !expects],
    )
    await updater.close()
    assert.equal(await valueOf(place, 1), 'second 1')
    assert.deepEqual(await urlsBelow(place, `shards/run_id=${updater.runId}`), [])
    assert.equal((await listSnapshots(at(place))).length, 2)
    const runs = await listRuns(at(place))
    assert.equal(runs.find(({ runId }) => runId === updater.runId)?.record?.status, 'failed')
  })
}

test('a publication between the manifest and the pointer of an update is a conflict too', async () => {
  const place = memoryPlace()
  await publishRows(place, 'first')
  let intrude = false
  const objects = interceptStore(place.objects, {
    async after({ operation, url }) {
      if (!intrude || operation !== 'put' || !url.endsWith('/manifest')) return
      intrude = false
      await publishRows(place, 'second')
    },
  })
  intrude = true
  await rejectsWith('SHARD_PUBLISH', /nothing was published/, () =>
    updateSnapshot([[1, 'lost']], { ...place, objects, values: 'utf8' }),
  )
  assert.equal(await valueOf(place, 1), 'second 1')
  assert.equal((await listSnapshots(at(place))).length, 2)
})

test('of updates at the same time, each is in the result or fails with a conflict', async () => {
  const place = memoryPlace()
  await publishRows(place, 'row', 40)
  const applied = new Set<number>()
  let conflicts = 0
  for (let round = 0; round < 12; round++) {
    await Promise.all(
      [0, 1, 2].map(async (n) => {
        const key = 1000 + round * 3 + n
        try {
          await updateSnapshot([[key, `value ${key}`]], { ...place, values: 'utf8' })
          applied.add(key)
        } catch (error) {
          if (!isShardyfusionError(error) || error.details['conflict'] !== true) throw error
          conflicts++
        }
      }),
    )
  }
  assert.ok(applied.size >= 12, `${applied.size} applied, ${conflicts} conflicts`)
  await using reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  for (let key = 1000; key < 1036; key++)
    assert.equal(await reader.get(key), applied.has(key) ? `value ${key}` : undefined, `${key}`)
})

test('a base that a cleanup has removed in the meantime is reported as a conflict', async () => {
  const place = memoryPlace()
  const first = await publishRows(place, 'first')
  const updater = await SnapshotUpdater.open({ ...place, values: 'utf8' })
  await updater.put(1, 'lost')
  const second = await publishRows(place, 'second')
  await cleanupSnapshots({ ...at(place), keepLast: 1, graceMs: 0 })
  assert.deepEqual(await urlsBelow(place, `shards/run_id=${first.runId}`), [])
  const error = await rejectsWith('SHARD_PUBLISH', /but run .* is/, () => updater.publish())
  assert.equal(error.details['current'], second.runId)
  await updater.close()
})
