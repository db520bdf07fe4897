import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openObjectStore, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
// #region cached-store
import { cachedStore } from '@shardyfusion/core/extend'

// #endregion
import { tempStore } from '@shardyfusion/core/testing'

async function published(prefix: string): Promise<void> {
  const rows: [number, string][] = [[42, 'rope']]
  await writeSnapshot(rows, { prefix, sharding: { shards: 1 }, values: 'utf8' })
}

test('cache: a reader stores ranges of shards in local files', async () => {
  const prefix = 'memory://cache-of-a-reader'
  await published(prefix)
  await using temp = await tempStore()
  const { folder } = temp
  // #region cache
  await using reader = await SnapshotReader.open({
    prefix,
    values: 'utf8',
    cache: { folder, maxBytes: 10 * 1024 ** 3 },
  })
  const value = await reader.get(42)
  const { hits, misses } = reader.health().cache!
  // #endregion
  assert.equal(value, 'rope')
  assert.ok(hits + misses > 0)
})

test('cache: a store may be wrapped for several readers', async () => {
  const prefix = 'memory://cache-of-a-store'
  await published(prefix)
  await using temp = await tempStore()
  const { folder } = temp
  const keys = [42, 7]
  const found: (string | undefined)[] = []
  // #region cached-store
  const objects = cachedStore(await openObjectStore(prefix), { folder })
  try {
    await using reader = await SnapshotReader.open({ prefix, objects, values: 'utf8' })
    found.push(...(await reader.getMany(keys)))
  } finally {
    await objects.close()
  }
  // #endregion
  assert.deepEqual(found, ['rope', undefined])
  assert.ok(objects.cacheStats().misses > 0)
})
