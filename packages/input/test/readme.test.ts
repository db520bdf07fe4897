import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
// #region parquet
import { pathToFileURL } from 'node:url'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { parquetRecords } from '@shardyfusion/input'

// #endregion
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'

test('README: a Parquet file becomes a snapshot', async (t) => {
  const before = process.cwd()
  const folder = mkdtempSync(join(tmpdir(), 'shardyfusion-input-'))
  t.after(() => {
    process.chdir(before)
    rmSync(folder, { recursive: true })
  })
  process.chdir(folder)
  const columnData: ColumnSource[] = [
    { name: 'sku', data: ['anvil', 'rope'], type: 'STRING' },
    { name: 'name', data: ['Anvil', 'Rope'], type: 'STRING' },
    { name: 'price', data: [49.9, 8.5], type: 'DOUBLE' },
  ]
  writeFileSync('products.parquet', new Uint8Array(parquetWriteBuffer({ columnData })))
  // #region parquet
  const prefix = pathToFileURL('products').href // or s3://bucket/products
  const records = parquetRecords('products.parquet', { columns: ['sku', 'name', 'price'] })
  await writeSnapshot(records, {
    prefix,
    sharding: { shards: 8 },
    key: 'sku',
    keyEncoding: 'utf8', // leave it out if keys are integers
    values: 'json',
    value: ({ name, price }) => ({ name, price }),
    onProgress: ({ phase, rows }) => console.error(phase, rows),
  })

  const reader = await SnapshotReader.open({ prefix, values: 'json' })
  console.log(await reader.get('rope')) // { name: 'Rope', price: 8.5 }
  await reader.close()
  // #endregion
  await using again = await SnapshotReader.open({ prefix, values: 'json' })
  assert.deepEqual(await again.get('rope'), { name: 'Rope', price: 8.5 })
})
