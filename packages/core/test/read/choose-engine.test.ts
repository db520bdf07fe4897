import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FileStore, MemoryStore, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import { verifySnapshot } from '@shardyfusion/core/maintain'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { copyReference, referenceKey, referenceSnapshots } from '../support/reference-bucket.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const prefix = 'memory://choose-engine/snapshots'

/** A snapshot in SlateDB, whose manifest is then published again with changes. */
async function slateDbPlace(changes: object) {
  const objects = new MemoryStore()
  const rows: [number, string][] = [
    [1, 'one'],
    [2, 'two'],
  ]
  const options = { prefix, objects, sharding: { shards: 3 }, values: 'utf8' } as const
  const { manifestRef } = await writeSnapshot(rows, options)
  const manifests = new ObjectManifestStore(objects, prefix)
  const manifest = await manifests.loadManifest(manifestRef)
  assert.equal(manifest.shardFormat, 'slatedb')
  await manifests.publish({ ...manifest, ...changes })
  return { prefix, objects, values: 'utf8' } as const
}

test('without an engine, the manifest says which one: SlateDB by name or by its objects', async () => {
  for (const changes of [
    {},
    { shardFormat: undefined },
    { shardFormat: undefined, custom: { vector: { unified: true, backend: 'lancedb' } } },
    { shardFormat: 'other', custom: { vector: { unified: true, kv_backend: 'slatedb' } } },
  ]) {
    await using reader = await SnapshotReader.open(await slateDbPlace(changes))
    assert.equal(await reader.get(2), 'two')
    assert.equal(reader.info().shardFormat, 'slatedb')
  }
})

test('a format in a package that is not installed is named, with the command that installs it', async () => {
  for (const [changes, message] of [
    [{ shardFormat: 'lancedb' }, /format "lancedb".*npm install @shardyfusion\/lancedb/],
    [{ shardFormat: 'sqlite-vec' }, /format "sqlite-vec".*npm install @shardyfusion\/vector/],
    [
      { custom: { vector: { unified: true, backend: 'sqlite-vec' } } },
      /format "sqlite-vec".*npm install @shardyfusion\/vector/,
    ],
    [{ shardFormat: 'my-format' }, /format "my-format".*pass one as engine/],
  ] as const) {
    const place = await slateDbPlace(changes)
    await rejectsWith('SHARD_ENGINE', message, () => SnapshotReader.open(place))
    const { objects } = place
    await rejectsWith('SHARD_ENGINE', message, () => verifySnapshot({ prefix, objects }))
    // An engine that is given is used, whatever the manifest says.
    await using reader = await SnapshotReader.open({ ...place, engine: 'wasm' })
    assert.equal(await reader.get(1), 'one')
  }
})

test('shards of the Python project in SQLite are recognized, though their manifest does not say', async () => {
  for (const [name, { rows }] of referenceSnapshots) {
    // Its vectors need a package of their own.
    if (name === 'vec') continue
    const copy = tempPrefix()
    await copyReference(name, new FileStore(), copy)
    await using reader = await SnapshotReader.open({ prefix: copy, shardUrls: 'rebase' })
    for (const { key, value_hex: hex } of rows)
      assert.equal(Buffer.from((await reader.get(referenceKey(key)))!).toString('hex'), hex)
  }
})

test('a snapshot without rows is read without looking for a format', async () => {
  const objects = new MemoryStore()
  await writeSnapshot([], { prefix, objects, sharding: { shards: 2 } })
  await using reader = await SnapshotReader.open({ prefix, objects })
  assert.equal(await reader.get(1), undefined)
})

test('a refresh to a format without an engine fails, and the open snapshot stays', async () => {
  const place = await slateDbPlace({})
  await using reader = await SnapshotReader.open(place)
  const { engine } = memoryPlace()
  await publishRows({ ...place, engine }, 'object')
  await rejectsWith('SHARD_ENGINE', /format "object"/, () => reader.refresh())
  assert.equal(await reader.get(1), 'one')
})
