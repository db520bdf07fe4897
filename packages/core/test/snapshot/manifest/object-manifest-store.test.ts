import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import type { ShardyfusionError } from '@shardyfusion/core'
import { decodeCurrentPointer } from '#dist/snapshot/catalog/current-pointer.js'
import { encodeManifest } from '#dist/snapshot/manifest/manifest-codec.js'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import { parseTimestamp } from '#dist/text/timestamps.js'
import { golden } from '../../support/golden.js'
import { manifestOf } from './support/manifests.js'
import { ObjectDouble } from './support/object-double.js'

const PREFIX = 's3://bkt/pre'
const setUp = (): { objects: ObjectDouble; store: ObjectManifestStore } => {
  const objects = new ObjectDouble()
  return { objects, store: new ObjectManifestStore(objects, PREFIX) }
}
const dirOf = (time: string, runId: string): string => `${PREFIX}/manifests/${time}_run_id=${runId}`

test('publish: what it stores is what loadCurrent, loadManifest and listManifests give', async () => {
  const { objects, store } = setUp()
  assert.equal(await store.loadCurrent(), undefined)
  assert.deepEqual(await store.listManifests(), [])

  const published = await store.publish(manifestOf())
  assert.match(
    published.ref,
    /^s3:\/\/bkt\/pre\/manifests\/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z_run_id=run-1\/manifest$/,
  )
  assert.deepEqual(await store.loadCurrent(), published)
  assert.deepEqual(await store.loadManifest(published.ref), manifestOf())
  const [listed] = await store.listManifests()
  assert.equal(listed!.ref, published.ref)
  assert.equal(listed!.runId, 'run-1')
  assert.ok(
    listed!.publishedMicros < published.publishedMicros,
    'the manifest is older than the pointer to it',
  )

  assert.deepEqual(
    objects.calls.filter((call) => call.startsWith('put')),
    [`put ${published.ref}`, `put ${PREFIX}/_CURRENT`],
  )
  assert.equal(objects.objects.get(published.ref)!.contentType, 'application/x-sqlite3')
  const pointer = objects.objects.get(`${PREFIX}/_CURRENT`)!
  assert.equal(pointer.contentType, 'application/json')
  assert.deepEqual(decodeCurrentPointer(pointer.bytes, 'test'), {
    manifestRef: published.ref,
    manifestContentType: 'application/x-sqlite3',
    runId: 'run-1',
    updatedAt: published.publishedAt,
    formatVersion: 1,
  })
  assert.equal(parseTimestamp(published.publishedAt), published.publishedMicros)
})

test('a prefix with a trailing slash names the same objects', async () => {
  const { objects, store } = setUp()
  const published = await new ObjectManifestStore(objects, `${PREFIX}/`).publish(manifestOf())
  assert.deepEqual(await store.loadCurrent(), published)
})

test('the reference snapshots are found from their pointers', async () => {
  for (const name of readdirSync(new URL('../../../test/golden/bucket/', import.meta.url))) {
    const objects = new ObjectDouble()
    const prefix = `s3://bkt/${name}`
    await objects.put(`${prefix}/_CURRENT`, golden(`bucket/${name}/_CURRENT`))
    const store = new ObjectManifestStore(objects, prefix)
    const current = await store.loadCurrent()
    await objects.put(current!.ref, golden(`bucket/${name}/manifest`))
    assert.equal((await store.loadManifest(current!.ref)).runId, current!.runId)
    assert.deepEqual(
      (await store.listManifests()).map(({ ref }) => ref),
      [current!.ref],
    )
  }
})

test('publish: refuses run ids that listings could not give back, before writing anything', async () => {
  const { objects, store } = setUp()
  for (const runId of ['a/b', '']) {
    await assert.rejects(store.publish(manifestOf({ runId })), {
      code: 'SHARD_INVALID_OPTION',
      message: /runId must be one path segment/,
    })
  }
  await assert.rejects(store.publish(manifestOf({ createdAt: 'x' })), { code: 'SHARD_MANIFEST' })
  assert.deepEqual(objects.calls, [])
})

test('publish: says which of its two steps failed, and keeps the cause', async () => {
  const { objects, store } = setUp()
  const failure = new Error('disk full')
  const failOn = (part: string): void => {
    objects.fail = (call) => {
      if (call.startsWith('put') && call.includes(part)) throw failure
    }
  }
  failOn('/manifests/')
  await assert.rejects(store.publish(manifestOf()), (error: ShardyfusionError) => {
    assert.deepEqual([error.code, error.retryable, error.cause], ['SHARD_PUBLISH', true, failure])
    assert.equal(error.details.peer, 'PublishManifestError')
    return true
  })
  assert.equal(objects.objects.size, 0)
  failOn('/_CURRENT')
  await assert.rejects(store.publish(manifestOf()), (error: ShardyfusionError) => {
    assert.deepEqual([error.code, error.retryable, error.cause], ['SHARD_PUBLISH', true, failure])
    assert.equal(error.details.peer, 'PublishCurrentError')
    assert.deepEqual([...objects.objects.keys()], [error.details.manifestRef])
    return true
  })
})

test('publish: an aborted signal gives its own reason', async () => {
  const { objects, store } = setUp()
  const controller = new AbortController()
  const reason = new Error('enough')
  objects.fail = () => {
    controller.abort(reason)
    throw new Error('connection closed')
  }
  await assert.rejects(store.publish(manifestOf(), { signal: controller.signal }), reason)
})

test('listManifests: newest first, by microseconds; ties by name; strays passed over', async () => {
  const { objects, store } = setUp()
  const add = (dir: string): Promise<boolean> => objects.put(`${dir}/manifest`, new Uint8Array())
  const time = '2026-03-14T10:30:00.12345'
  await add(dirOf(`${time}6Z`, 'b'))
  await add(dirOf(`${time}6Z`, 'a'))
  await add(dirOf(`${time}7Z`, 'c'))
  await add(dirOf('2025-03-14T10:30:00.999999Z', 'old'))
  for (const stray of [
    '2026-03-14T10:30:00Z_run_id=short',
    '2026-13-14T10:30:00.000000Z_run_id=month',
    'notes',
  ]) {
    await add(`${PREFIX}/manifests/${stray}`)
  }
  await objects.put(
    's3://bkt/prefix/manifests/2026-03-14T10:30:00.123457Z_run_id=neighbour/manifest',
    new Uint8Array(),
  )
  const runs = async (limit?: number): Promise<string[]> =>
    (await store.listManifests(limit)).map(({ runId }) => runId)
  assert.deepEqual(await runs(), ['c', 'a', 'b', 'old'])
  assert.deepEqual(await runs(2), ['c', 'a'])
  const [newest] = await store.listManifests(1)
  assert.deepEqual(newest, {
    ref: `${dirOf(`${time}7Z`, 'c')}/manifest`,
    runId: 'c',
    publishedAt: `${time}7Z`,
    publishedMicros: parseTimestamp(`${time}7Z`),
  })
  for (const limit of [0, -1, 1.5, Number.NaN])
    await assert.rejects(runs(limit), { code: 'SHARD_INVALID_OPTION' })
})

test('setCurrent: rolls back to an older manifest, and the run id is that of the manifest', async () => {
  const objects = new ObjectDouble()
  const store = new ObjectManifestStore(objects, 's3://bkt/run_id=prefix')
  const first = await store.publish(manifestOf({ runId: 'first' }))
  const second = await store.publish(manifestOf({ runId: 'second' }))
  assert.equal((await store.loadCurrent())!.ref, second.ref)
  const current = await store.setCurrent(first.ref)
  assert.deepEqual([current.ref, current.runId], [first.ref, 'first'])
  assert.deepEqual(await store.loadCurrent(), current)
  assert.ok(current.publishedMicros > second.publishedMicros)
  assert.deepEqual(
    (await store.listManifests()).map(({ runId }) => runId),
    ['second', 'first'],
  )
})

test('setCurrent: never points at what is not there', async () => {
  const { objects, store } = setUp()
  const { ref } = await store.publish(manifestOf())
  const pointer = objects.objects.get(`${PREFIX}/_CURRENT`)
  const missing = ref.replace('run-1', 'run-2')
  await assert.rejects(store.setCurrent(missing), {
    code: 'SHARD_NOT_FOUND',
    message: /the manifest "s3:.* does not exist/,
  })
  for (const bad of [
    's3://bkt/pre/x',
    ref.slice(PREFIX.length + 1),
    ref.replace('s3:', 'file:'),
    '',
  ]) {
    await assert.rejects(store.setCurrent(bad), {
      code: 'SHARD_INVALID_OPTION',
      message: /full URL that names its run/,
    })
  }
  assert.equal(objects.objects.get(`${PREFIX}/_CURRENT`), pointer)
})

test('loadManifest: a missing object is SHARD_NOT_FOUND, a broken one SHARD_MANIFEST', async () => {
  const { objects, store } = setUp()
  const ref = `${dirOf('2026-03-14T10:30:00.123456Z', 'r')}/manifest`
  await assert.rejects(store.loadManifest(ref), { code: 'SHARD_NOT_FOUND' })
  await assert.rejects(store.loadManifest('manifests/relative/manifest'), {
    code: 'SHARD_NOT_FOUND',
  })
  await objects.put(ref, new Uint8Array(10))
  await assert.rejects(store.loadManifest(ref), {
    code: 'SHARD_MANIFEST',
    message: new RegExp(ref),
  })
})

test('loadManifest: no more than the limit is fetched, and the limit is enforced', async () => {
  const { objects } = setUp()
  const ref = `${dirOf('2026-03-14T10:30:00.123456Z', 'r')}/manifest`
  const image = await encodeManifest(manifestOf())
  await objects.put(ref, image)
  const exact = new ObjectManifestStore(objects, PREFIX, { maxBytes: image.length })
  assert.deepEqual(await exact.loadManifest(ref), manifestOf())
  const less = new ObjectManifestStore(objects, PREFIX, { maxBytes: image.length - 1 })
  await assert.rejects(less.loadManifest(ref), {
    code: 'SHARD_MANIFEST',
    message: /raise maxBytes/,
  })
  await objects.put(`${PREFIX}/_CURRENT`, new Uint8Array(1e6))
  await assert.rejects(exact.loadCurrent(), {
    code: 'SHARD_MANIFEST',
    message: /at most 65536 bytes/,
  })
  assert.throws(() => new ObjectManifestStore(objects, PREFIX, { maxShard: 1 } as object), {
    code: 'SHARD_INVALID_OPTION',
  })
})
