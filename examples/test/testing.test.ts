import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openObjectStore, SnapshotReader } from '@shardyfusion/core'
// #region testing
import { countStore, seedSnapshot, tempStore } from '@shardyfusion/core/testing'

test('a batch of lookups costs few requests', async () => {
  await using temp = await tempStore()
  const { prefix } = temp
  await seedSnapshot({
    prefix,
    rows: [
      [1, 'anvil'],
      [2, 'rope'],
    ],
    values: 'utf8',
  })

  const { store, counts, reset } = countStore(await openObjectStore(prefix))
  await using reader = await SnapshotReader.open({ prefix, objects: store, values: 'utf8' })
  reset() // from here on
  assert.deepEqual(await reader.getMany([2, 1]), ['rope', 'anvil'])
  assert.ok(counts().requests.read < 20)
})
// #endregion
