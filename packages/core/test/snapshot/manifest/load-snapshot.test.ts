import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ShardyfusionError } from '@shardyfusion/core'
import { loadSnapshotManifest } from '#dist/snapshot/catalog/load-snapshot.js'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import { manifestOf } from './support/manifests.js'
import { ObjectDouble } from './support/object-double.js'

const PREFIX = 's3://bkt/pre'
const where = 'SnapshotReader.open'
const garbage = new TextEncoder().encode('SQLite format 3\0 no more')

/** A store with runs r0 (oldest) to r<n - 1>, the last being current. */
async function withRuns(n: number) {
  const objects = new ObjectDouble()
  const store = new ObjectManifestStore(objects, PREFIX)
  const refs: string[] = []
  for (let i = 0; i < n; i += 1)
    refs.push((await store.publish(manifestOf({ runId: `r${i}` }))).ref)
  const spoil = async (...runs: number[]): Promise<void> => {
    for (const run of runs) await objects.put(refs[run]!, garbage)
  }
  // Each publication lists those before it.
  objects.calls.length = 0
  return { objects, store, refs, spoil }
}

test('loadSnapshotManifest: the current manifest, without listing any', async () => {
  const { objects, store, refs } = await withRuns(2)
  const loaded = await loadSnapshotManifest(store, { where })
  assert.deepEqual(loaded, {
    ref: await store.loadCurrent(),
    manifest: manifestOf({ runId: 'r1' }),
    fallback: undefined,
  })
  assert.equal(loaded.ref.ref, refs[1])
  assert.ok(!objects.calls.some((call) => call.startsWith('listPrefixes')))
})

test('loadSnapshotManifest: nothing published is SHARD_NOT_FOUND with advice', async () => {
  const { store } = await withRuns(0)
  await assert.rejects(loadSnapshotManifest(store, { where }), (error: ShardyfusionError) => {
    assert.deepEqual([error.code, error.details.peer], ['SHARD_NOT_FOUND', 'ReaderStateError'])
    assert.match(
      error.message,
      /^SnapshotReader\.open: .*_CURRENT.*publish a snapshot there first, or check the prefix$/,
    )
    return true
  })
})

test('loadSnapshotManifest: falls back to the newest that can be read', async () => {
  const { store, refs, spoil } = await withRuns(4)
  await spoil(3, 2)
  const { ref, manifest, fallback } = await loadSnapshotManifest(store, { where })
  assert.deepEqual([ref.ref, ref.runId, manifest.runId], [refs[1], 'r1', 'r1'])
  assert.equal(fallback?.current.ref, refs[3])
  assert.equal(fallback?.error.code, 'SHARD_MANIFEST')
})

test('loadSnapshotManifest: after a rollback the fallback may be newer', async () => {
  const { store, refs, spoil } = await withRuns(3)
  await store.setCurrent(refs[0]!)
  await spoil(0)
  assert.equal((await loadSnapshotManifest(store, { where })).ref.ref, refs[2])
})

test('loadSnapshotManifest: gives up after the attempts it may make', async () => {
  const { store, spoil } = await withRuns(5)
  await spoil(4, 3, 2)
  for (const [maxFallbackAttempts, tried] of [
    [1, 1],
    [2, 2],
  ] as const) {
    await assert.rejects(
      loadSnapshotManifest(store, { where, maxFallbackAttempts }),
      (error: ShardyfusionError) => {
        assert.deepEqual(
          [error.code, error.details.peer, error.details.tried],
          ['SHARD_MANIFEST', 'ReaderStateError', tried],
        )
        assert.ok(
          error.cause instanceof ShardyfusionError &&
            error.cause.details.peer === 'ManifestParseError',
        )
        return true
      },
    )
  }
  assert.equal((await loadSnapshotManifest(store, { where })).ref.runId, 'r1')
})

test('loadSnapshotManifest: without attempts the first failure is the answer', async () => {
  const { store, spoil } = await withRuns(2)
  await spoil(1)
  await assert.rejects(loadSnapshotManifest(store, { where, maxFallbackAttempts: 0 }), {
    code: 'SHARD_MANIFEST',
    details: { peer: 'ManifestParseError' },
  })
})

test('loadSnapshotManifest: no fallback for a broken pointer, a missing manifest or a failing store', async () => {
  const { objects, store, refs } = await withRuns(2)
  const failure = new ShardyfusionError('SHARD_STORE', 'connection reset', { retryable: true })
  objects.fail = (call) => {
    if (call === `get ${refs[1]}`) throw failure
  }
  await assert.rejects(loadSnapshotManifest(store, { where }), failure)
  objects.fail = () => {}
  await objects.delete(refs[1]!)
  await assert.rejects(loadSnapshotManifest(store, { where }), { code: 'SHARD_NOT_FOUND' })
  await objects.put(`${PREFIX}/_CURRENT`, garbage)
  await assert.rejects(loadSnapshotManifest(store, { where }), {
    code: 'SHARD_MANIFEST',
    details: { peer: 'ManifestParseError' },
  })
  assert.ok(!objects.calls.some((call) => call.startsWith('listPrefixes')))
})

test("loadSnapshotManifest: the caller's own conditions count as the manifest's", async () => {
  const { store } = await withRuns(3)
  const { ref } = await loadSnapshotManifest(store, {
    where,
    check: ({ runId }) => {
      if (runId !== 'r0') throw new ShardyfusionError('SHARD_MANIFEST', 'shards elsewhere')
    },
  })
  assert.equal(ref.runId, 'r0')
})
