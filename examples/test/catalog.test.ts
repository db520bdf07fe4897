import assert from 'node:assert/strict'
import { test } from 'node:test'
// #region catalog
import { objectCatalog, SnapshotReader, writeSnapshot } from '@shardyfusion/core'

// #endregion
test('catalog: stores manifests and shards in different places', async () => {
  const rows: [number, Uint8Array][] = [[42, Uint8Array.of(1)]]
  // #region catalog
  const catalog = await objectCatalog({ prefix: 'memory://catalog/prices' })
  await writeSnapshot(rows, { prefix: 'memory://shards/prices', catalog, sharding: { shards: 8 } })
  await using reader = await SnapshotReader.open({ prefix: 'memory://shards/prices', catalog })
  // #endregion
  assert.deepEqual(await reader.get(42), Uint8Array.of(1))
})
