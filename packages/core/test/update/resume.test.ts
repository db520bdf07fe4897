import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  SnapshotReader,
  ShardyfusionError,
  SnapshotWriter,
  type SnapshotUpdaterOptions,
  SnapshotUpdater,
  updateSnapshot,
  type UpdatedSnapshot,
} from '@shardyfusion/core'
import { interceptStore } from '@shardyfusion/core/testing'
import { memoryPlace, type Place, publishRows } from '../support/memory-place.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { watchedEngine } from '../support/watched-engine.js'

const RUN = 'daily'
const power = new Error('the power is gone')

const changes = Array.from({ length: 30 }, (_, i) => [i, `new ${i}`] as const)

function optionsOf(place: Place, more: Partial<SnapshotUpdaterOptions> = {}) {
  return { ...place, values: 'utf8' as const, runId: RUN, concurrency: 1, ...more }
}

/** An update that ends for good after it has sealed so many shards, as if its process had died. */
async function die(place: Place, sealed: number): Promise<void> {
  const engine = watchedEngine(place.engine, {
    seal: () => {
      if (sealed-- <= 0) throw power
    },
  })
  const updater = await SnapshotUpdater.open({ ...optionsOf(place), engine })
  for (const [key, value] of changes) await updater.put(key, value)
  await assert.rejects(() => updater.publish(), power)
}

function resume(
  place: Place,
  records: Iterable<readonly [number, string | undefined]> = changes,
): Promise<UpdatedSnapshot> {
  return updateSnapshot(records, optionsOf(place, { resume: true }))
}

async function valueOf(place: Place, key: number): Promise<string | undefined> {
  await using reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  return await reader.get(key)
}

test('a resumed update merges only the shards that were not sealed', async () => {
  const place = memoryPlace()
  await publishRows(place, 'row', 40)
  await die(place, 2)
  assert.equal(await valueOf(place, 1), 'row 1')
  const opened: string[] = []
  const engine = watchedEngine(place.engine, { openWriter: ({ url }) => opened.push(url) })
  const resumed = await resume({ ...place, engine })
  assert.deepEqual([resumed.shardsResumed, resumed.shardsWritten, opened.length], [2, 1, 1])
  assert.equal(await valueOf(place, 1), 'new 1')
  assert.equal(resumed.rowCount, 40)
})

test('shards of other changes, or merged into another snapshot, are merged again', async () => {
  for (const isOther of [true, false]) {
    const place = memoryPlace()
    await publishRows(place, 'row', 40)
    await die(place, 2)
    if (!isOther) await publishRows(place, 'another', 40)
    const records = isOther ? changes.map(([key]) => [key, `other ${key}`] as const) : changes
    const resumed = await resume(place, records)
    assert.deepEqual([resumed.shardsResumed, resumed.shardsWritten], [0, 3])
    assert.equal(await valueOf(place, 1), isOther ? 'other 1' : 'new 1')
    assert.equal(await valueOf(place, 35), isOther ? 'row 35' : 'another 35')
    // The sealed attempts that were not used are gone; the unsealed one is left for a cleanup.
    const attempts = new Set<string>()
    for await (const { url } of place.objects.list(`${place.prefix}/shards/run_id=${RUN}`))
      attempts.add(/db=\d+\/attempt=\d+/.exec(url)![0])
    assert.equal(attempts.size, 4)
  }
})

test('resuming a published update finds it done, and refuses other changes', async () => {
  const place = memoryPlace()
  await publishRows(place, 'row', 40)
  const first = await updateSnapshot(changes, optionsOf(place))
  const again = await resume(place)
  assert.equal(again.manifestRef, first.manifestRef)
  assert.deepEqual(again.shards, first.shards)
  await rejectsWith(
    'SHARD_INVALID_OPTION',
    /is published, and its shard \d was made of other changes/,
    () => resume(place, [...changes, [100, 'more']]),
  )
  await rejectsWith('SHARD_INVALID_OPTION', /runId must be new/, () =>
    updateSnapshot(changes, optionsOf(place)),
  )
})

test('a build and an update do not take over shards of each other', async () => {
  const place = memoryPlace()
  await publishRows(place, 'row', 40)
  await die(place, 2)
  await rejectsWith('SHARD_INVALID_OPTION', /run "daily" is an update of another snapshot/, () =>
    SnapshotWriter.open({ ...place, sharding: { shards: 3 }, runId: RUN, resume: true }),
  )
})

test('a failed shard is merged again, as often as retry allows', async () => {
  const place = memoryPlace()
  await publishRows(place, 'row', 40)
  let failures = 2
  const engine = watchedEngine(place.engine, {
    seal: () => {
      if (failures-- > 0)
        throw new ShardyfusionError('SHARD_STORE', 'storage is away', { retryable: true })
    },
  })
  const options = { ...place, engine, values: 'utf8' } as const
  const warnings: string[] = []
  const updated = await updateSnapshot(changes, {
    ...options,
    concurrency: 1,
    retry: { maxRetries: 2, initialBackoffMs: 1 },
    onWarning: ({ message }) => warnings.push(message),
  })
  assert.deepEqual([updated.attempts, warnings.length], [5, 2])
  assert.equal(await valueOf(place, 29), 'new 29')
  failures = 1
  await rejectsWith('SHARD_STORE', /storage is away/, () => updateSnapshot([[1, 'x']], options))
})

test('an aborted update ends with the reason, and leaves nothing', async () => {
  const place = memoryPlace()
  const { runId } = await publishRows(place, 'row', 40)
  const stop = new AbortController()
  const engine = watchedEngine(place.engine, { seal: () => stop.abort(power) })
  await assert.rejects(
    () => updateSnapshot(changes, { ...place, engine, values: 'utf8', signal: stop.signal }),
    power,
  )
  for await (const { url } of place.objects.list(`${place.prefix}/shards`))
    assert.ok(url.includes(runId), url)
  assert.equal(await valueOf(place, 1), 'row 1')
})

test('publish may be called again after the manifest could not be stored', async () => {
  const place = memoryPlace()
  await publishRows(place, 'row', 40)
  let fails = true
  const objects = interceptStore(place.objects, {
    before({ operation, url }) {
      if (fails && operation === 'put' && url.endsWith('/manifest'))
        throw new ShardyfusionError('SHARD_STORE', 'no')
    },
  })
  await using updater = await SnapshotUpdater.open({ ...place, objects, values: 'utf8' })
  await updater.put(1, 'x')
  await rejectsWith('SHARD_PUBLISH', /manifest could not be written/, () => updater.publish())
  fails = false
  await updater.publish()
  assert.equal(await valueOf(place, 1), 'x')
})

test('worker threads write the same shards', async () => {
  const place = { prefix: tempPrefix() }
  const rows = Array.from({ length: 500 }, (_, i) => [i, `row ${i}`] as const)
  const { writeSnapshot } = await import('@shardyfusion/core')
  await writeSnapshot(rows, { ...place, values: 'utf8', sharding: { shards: 4 } })
  const updated = await updateSnapshot(changes, { ...place, values: 'utf8', workers: 2 })
  assert.deepEqual([updated.shardsWritten, updated.rowCount], [4, 500])
  await using reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  assert.deepEqual(await reader.getMany([0, 29, 30, 499]), ['new 0', 'new 29', 'row 30', 'row 499'])
})
