import assert from 'node:assert/strict'
import { test } from 'node:test'
// #region duckdb
import { DuckDBInstance } from '@duckdb/node-api'
import { writeSnapshot } from '@shardyfusion/core'

// #endregion
import { SnapshotReader } from '@shardyfusion/core'
import { clearMemoryStore } from '@shardyfusion/core/testing'

test('recipe: a query of DuckDB becomes a snapshot, chunk by chunk', async (t) => {
  t.after(() => clearMemoryStore('recipe-duckdb'))
  const prefix = 'memory://recipe-duckdb/prices'
  // #region duckdb
  const database = await DuckDBInstance.create(':memory:')
  const connection = await database.connect()
  const result = await connection.stream(
    `SELECT id, 'item ' || id AS name FROM range(5000) AS t(id)`,
  )
  async function* rows() {
    for await (const chunk of result.yieldRowObjectJs()) yield* chunk
  }
  await writeSnapshot(rows(), {
    prefix,
    sharding: { shards: 8 },
    key: (row) => row['id'] as bigint,
    value: (row) => row['name'] as string,
    values: 'utf8',
  })
  connection.closeSync()
  // #endregion
  const reader = await SnapshotReader.open({ prefix, values: 'utf8' })
  t.after(() => reader.close())
  assert.equal(await reader.get(4_999), 'item 4999')
  assert.equal(reader.info().rowCount, 5_000)
})
