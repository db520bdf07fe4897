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
  t.after(() => {
    clearMemoryStore('prices')
    delete process.env['DATABASE_URL']
  })
  process.env['DATABASE_URL'] = server.url
  // #region catalog
  const prefix = 'memory://prices' // or s3://bucket/prices, file:///data/prices
  const connectionString = process.env['DATABASE_URL'] // postgres://user:password@host:5432/database
  const products = [
    { id: 7, name: 'anvil' },
    { id: 42, name: 'rope' },
  ]
  const catalog = await postgresCatalog({ prefix, connectionString })
  await writeSnapshot(products, {
    prefix,
    catalog,
    sharding: { shards: 2 },
    key: 'id',
    values: 'json',
  })

  const reader = await SnapshotReader.open({ prefix, catalog, values: 'json' })
  const value = await reader.get(42) // { id: 42, name: 'rope' }
  await reader.close()
  await catalog.close()
  // #endregion
  assert.deepEqual(value, { id: 42, name: 'rope' })
  await assert.rejects(SnapshotReader.open({ prefix }), { code: 'SHARD_NOT_FOUND' })
})
