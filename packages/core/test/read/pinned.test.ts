import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SnapshotReader } from '@shardyfusion/core'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

test('runId: opens what that run published and stays there', async () => {
  const place = memoryPlace()
  const first = await publishRows(place, 'first')
  await publishRows(place, 'second')
  await using reader = await SnapshotReader.open({
    ...place,
    runId: first.runId,
    values: 'utf8',
  })
  assert.equal(await reader.get(3), 'first 3')
  assert.equal(reader.info().manifestRef, first.manifestRef)

  const calls: string[] = []
  const get = place.objects.get.bind(place.objects)
  place.objects.get = (url, options) => {
    calls.push(url)
    return get(url, options)
  }
  assert.equal(await reader.refresh(), false)
  assert.deepEqual(calls, [])
  assert.equal(await reader.get(3), 'first 3')
})

test('manifestRef: opens that manifest', async () => {
  const place = memoryPlace()
  const first = await publishRows(place, 'first')
  await publishRows(place, 'second')
  await using reader = await SnapshotReader.open({
    ...place,
    manifestRef: first.manifestRef,
    values: 'utf8',
  })
  assert.equal(await reader.get(0), 'first 0')
  assert.equal(reader.info().runId, first.runId)
  assert.match(reader.info().publishedAt, /^\d{4}-/)
})

test('a pinned snapshot needs no pointer', async () => {
  const place = memoryPlace()
  const { runId } = await publishRows(place, 'only')
  await place.objects.delete(`${place.prefix}/_CURRENT`)
  await using reader = await SnapshotReader.open({ ...place, runId })
  assert.equal(reader.info().runId, runId)
})

test('a pinned snapshot that is broken is an error, not another snapshot', async () => {
  const place = memoryPlace()
  const first = await publishRows(place, 'first')
  await publishRows(place, 'second')
  await place.objects.put(first.manifestRef, new Uint8Array(10))
  await rejectsWith('SHARD_MANIFEST', /SQLite/, () =>
    SnapshotReader.open({ ...place, runId: first.runId }),
  )
})

test('what does not name one snapshot below the prefix is refused', async () => {
  const place = memoryPlace()
  const { runId, manifestRef } = await publishRows(place, 'only')
  await rejectsWith('SHARD_NOT_FOUND', /run "other" has published nothing/, () =>
    SnapshotReader.open({ ...place, runId: 'other' }),
  )
  await rejectsWith('SHARD_INVALID_OPTION', /both given/, () =>
    SnapshotReader.open({ ...place, runId, manifestRef }),
  )
  const foreign = [
    manifestRef.replace('memory://place/', 'memory://elsewhere/'),
    `${place.prefix}/manifests/../manifests/${manifestRef.split('/').at(-2)}/manifest`,
    `${place.prefix}/manifests/latest/manifest`,
    `${place.prefix}/_CURRENT`,
    'manifests/x/manifest',
  ]
  for (const url of foreign) {
    await rejectsWith('SHARD_INVALID_OPTION', /full URL of one below/, () =>
      SnapshotReader.open({ ...place, manifestRef: url }),
    )
  }
})
