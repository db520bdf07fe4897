import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isShardyfusionError, type ShardyfusionError } from '@shardyfusion/core'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import { publishManifest, type PointerRetry } from '#dist/snapshot/catalog/publish.js'
import { manifestOf } from './support/manifests.js'
import { ObjectDouble } from './support/object-double.js'

const PREFIX = 's3://bkt/pre'
const manifest = manifestOf()

function setUp(): {
  objects: ObjectDouble
  store: ObjectManifestStore
  waits: number[]
  delay: (ms: number) => Promise<void>
  failPointer: (times: number) => void
} {
  const objects = new ObjectDouble()
  const waits: number[] = []
  return {
    objects,
    store: new ObjectManifestStore(objects, PREFIX),
    waits,
    delay: async (ms) => void waits.push(ms),
    failPointer: (times) => {
      let left = times
      objects.fail = (call) => {
        if (call === `put ${PREFIX}/_CURRENT` && left-- > 0)
          throw new Error(`no pointer, ${left} left`)
      }
    },
  }
}

test('publishManifest: shards durable first, then the manifest, then the pointer', async () => {
  const { objects, store } = setUp()
  const shardUrls = Array.from({ length: 20 }, (_, id) => `${PREFIX}/shards/${id}`)
  const { ref } = await publishManifest(store, manifest, { objects, shardUrls })
  assert.deepEqual(objects.calls.slice(0, 20).sort(), shardUrls.map((url) => `sync ${url}`).sort())
  assert.deepEqual(
    objects.calls.slice(20).filter((call) => call.startsWith('put')),
    [`put ${ref}`, `put ${PREFIX}/_CURRENT`],
  )
})

test('publishManifest: nothing is published when a shard cannot be made durable', async () => {
  const { objects, store } = setUp()
  objects.fail = (call) => {
    if (call === 'sync b') throw new Error('input/output error')
  }
  await assert.rejects(
    publishManifest(store, manifest, { objects, shardUrls: ['a', 'b', 'c'] }),
    (error: ShardyfusionError) => {
      assert.deepEqual(
        [error.code, error.retryable, error.details.peer],
        ['SHARD_PUBLISH', true, 'PublishManifestError'],
      )
      assert.match(error.message, /shards could not be made durable/)
      return true
    },
  )
  assert.equal(objects.objects.size, 0)
})

for (const failures of [1, 2, 3]) {
  test(`publishManifest: a pointer that fails ${failures} times is still written`, async () => {
    const { objects, store, waits, delay, failPointer } = setUp()
    failPointer(failures)
    const retries: PointerRetry[] = []
    const published = await publishManifest(store, manifest, {
      delay,
      onRetry: (retry) => retries.push(retry),
    })
    assert.deepEqual(await store.loadCurrent(), published)
    assert.deepEqual(waits, [1000, 2000].slice(0, failures - 1))
    assert.deepEqual(
      retries.map(({ attempt, delayMs }) => [attempt, delayMs]),
      waits.map((ms, i) => [i + 1, ms]),
    )
    for (const { error } of retries)
      assert.ok(isShardyfusionError(error) && error.details.peer === 'PublishCurrentError')
    const manifests = objects.calls.filter((call) => call.startsWith(`put ${PREFIX}/manifests/`))
    assert.equal(manifests.length, 1, 'the manifest is written once')
  })
}

test('publishManifest: gives up on the pointer after three tries more', async () => {
  const { store, waits, delay, failPointer } = setUp()
  failPointer(Number.POSITIVE_INFINITY)
  await assert.rejects(publishManifest(store, manifest, { delay }), (error: ShardyfusionError) => {
    assert.deepEqual(
      [error.code, error.retryable, error.details.peer],
      ['SHARD_PUBLISH', true, 'PublishManifestError'],
    )
    assert.match(String(error.details.manifestRef), /_run_id=run-1\/manifest$/)
    assert.ok(
      isShardyfusionError(error.cause) && error.cause.details.peer === 'PublishCurrentError',
    )
    return true
  })
  assert.deepEqual(waits, [1000, 2000])
  assert.equal(await store.loadCurrent(), undefined)
})

test('publishManifest: a manifest that could not be written is not tried again here', async () => {
  const { objects, store, delay } = setUp()
  objects.fail = (call) => {
    if (call.includes('/manifests/')) throw new Error('denied')
  }
  await assert.rejects(publishManifest(store, manifest, { delay }), (error: ShardyfusionError) => {
    assert.deepEqual(
      [error.code, error.retryable, error.details.peer],
      ['SHARD_PUBLISH', true, 'PublishManifestError'],
    )
    return true
  })
  assert.equal(objects.calls.filter((call) => call.startsWith('put')).length, 1)
})

test('publishManifest: a manifest that breaks the format is not retryable', async () => {
  const { store } = setUp()
  await assert.rejects(
    publishManifest(store, manifestOf({ createdAt: '' })),
    (error: ShardyfusionError) => {
      assert.deepEqual(
        [error.code, error.retryable, error.details.peer],
        ['SHARD_MANIFEST', false, 'ManifestBuildError'],
      )
      return true
    },
  )
})

test("publishManifest: another store's plain errors become SHARD_PUBLISH", async () => {
  const { objects } = setUp()
  class OtherStore extends ObjectManifestStore {
    override async publish(): Promise<never> {
      throw new TypeError('not connected')
    }
  }
  await assert.rejects(
    publishManifest(new OtherStore(objects, PREFIX), manifest),
    (error: ShardyfusionError) => {
      assert.equal(error.code, 'SHARD_PUBLISH')
      assert.ok(error.cause instanceof TypeError)
      return true
    },
  )
})

test('publishManifest: an abort ends a wait with its own reason', async () => {
  const { store, failPointer } = setUp()
  failPointer(Number.POSITIVE_INFINITY)
  const controller = new AbortController()
  const reason = new Error('shutting down')
  // The real delay: the abort comes while its timer of a second runs.
  const publishing = publishManifest(store, manifest, {
    signal: controller.signal,
    onRetry: () => void setImmediate(() => controller.abort(reason)),
  })
  await assert.rejects(publishing, reason)
})
