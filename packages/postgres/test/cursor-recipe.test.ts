import assert from 'node:assert/strict'
import { after, test } from 'node:test'
// #region cursor
import { writeSnapshot } from '@shardyfusion/core'
import pg from 'pg'
import QueryStream from 'pg-query-stream'

// #endregion
import { SnapshotReader } from '@shardyfusion/core'
import { clearMemoryStore } from '@shardyfusion/core/testing'
import { startPostgres } from './support/postgres-server.js'

const server = await startPostgres()
after(() => server.stop())

test('recipe: a table of PostgreSQL becomes a snapshot through a cursor', async (t) => {
  t.after(() => clearMemoryStore('cursor'))
  const prefix = 'memory://cursor/prices'
  const connectionString = server.url
  const setup = new pg.Client({ connectionString })
  await setup.connect()
  await setup.query(
    `CREATE TABLE prices AS SELECT id::bigint, 'item ' || id AS name FROM generate_series(1, 5000) AS id`,
  )
  await setup.end()
  // #region cursor
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    const query = new QueryStream('SELECT id, name FROM prices', [], { batchSize: 1_000 })
    await writeSnapshot(client.query(query) as AsyncIterable<{ id: string; name: string }>, {
      prefix,
      sharding: { shards: 8 },
      // The driver returns 64-bit integers as text, which keeps their digits.
      key: (row) => BigInt(row.id),
      values: 'json',
    })
  } finally {
    await client.end()
  }
  // #endregion
  const reader = await SnapshotReader.open({ prefix, values: 'json' })
  t.after(() => reader.close())
  assert.deepEqual(await reader.get(4_999), { id: '4999', name: 'item 4999' })
  assert.equal(reader.info().rowCount, 5_000)
})
