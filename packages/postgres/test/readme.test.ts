import assert from 'node:assert/strict'
import { after, test } from 'node:test'
// #region catalog
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { postgresCatalog } from '@shardyfusion/postgres'

// #endregion
import { clearMemoryStore } from '@shardyfusion/core/testing'
import { startPostgres } from './support/postgres-server.js'

const server = await startPostgres()
after(() => server.stop())

test('README: manifests are in PostgreSQL, and shards are objects', async (t) => {
  t.after(() => clearMemoryStore('readme'))
  const rows: [number, Uint8Array][] = [[42, Uint8Array.of(1)]]
  const prefix = 'memory://readme/prices'
  const connectionString = server.url
  // #region catalog
  const catalog = await postgresCatalog({ prefix, connectionString })
  await writeSnapshot(rows, { prefix, catalog, sharding: { shards: 8 } })

  await using reader = await SnapshotReader.open({ prefix, catalog })
  const value = await reader.get(42)
  // #endregion
  assert.deepEqual(value, Uint8Array.of(1))
  await catalog.close?.()
})
