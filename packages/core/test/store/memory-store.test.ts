import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearMemoryStore, memoryStore, MemoryStore } from '#dist/store/memory-store.js'
import { runObjectStoreConformance } from '@shardyfusion/core/testing'

runObjectStoreConformance({
  test,
  name: 'MemoryStore',
  open: async () => ({ store: new MemoryStore(), root: 'memory://test/a b/run_id=x' }),
})

const bytes = Uint8Array.of(1, 2, 3)

test('memoryStore: one store per name, shared by all who ask', async (t) => {
  t.after(() => clearMemoryStore('shared'))
  await memoryStore('shared').put('memory://shared/x', bytes)
  assert.deepEqual(await memoryStore('shared').get('memory://shared/x'), bytes)
  assert.equal(await memoryStore('other').get('memory://shared/x'), undefined)
})

test('clearMemoryStore: empties it for holders too, who keep sharing it', async (t) => {
  t.after(() => clearMemoryStore('cleared'))
  const held = memoryStore('cleared')
  await held.put('memory://cleared/x', bytes)
  clearMemoryStore('cleared')
  clearMemoryStore('never opened')
  assert.equal(await held.get('memory://cleared/x'), undefined)
  await held.put('memory://cleared/y', bytes)
  assert.deepEqual(await memoryStore('cleared').get('memory://cleared/y'), bytes)
})

test('MemoryStore: a name alone is no object', async () => {
  await assert.rejects(new MemoryStore().put('memory://name', bytes), { code: 'SHARD_STORE' })
})
