import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { ShardReaderSync, SnapshotReaderSync, writeSnapshotSync } from '@shardyfusion/sync'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import engine from '../support/nested-engine.js'
import { throwsWith } from '@shardyfusion/test-support/throws'

const KEYS = 2000
const prefix = tempPrefix()
writeSnapshotSync(
  Array.from({ length: KEYS }, (_, i) => [i, `value ${i}`] as const),
  { prefix, sharding: { shards: 2 }, values: 'utf8' },
)

test('worker threads may be callers, several at once, while this thread is one', async () => {
  const file = new URL('../support/calling-thread.js', import.meta.url)
  const threads = [1, 2].map(() => new Worker(file, { workerData: { prefix, keys: KEYS } }))
  const told = threads.map((thread) => once(thread, 'message'))
  const ended = threads.map((thread) => once(thread, 'exit'))
  const reader = SnapshotReaderSync.open({ prefix, values: 'utf8', valueCacheBytes: 0 })
  for (let key = 0; key < KEYS; key++) assert.equal(reader.get(key), `value ${key}`)
  reader.close()
  assert.deepEqual(await Promise.all(told), [
    [{ right: KEYS, scanned: KEYS }],
    [{ right: KEYS, scanned: KEYS }],
  ])
  assert.deepEqual(await Promise.all(ended), [[0], [0]])
})

test('used inside its own worker it says so, instead of waiting for itself', () => {
  const error = throwsWith('SHARD_BRIDGE', /wait for itself; use @shardyfusion\/core there/, () =>
    ShardReaderSync.open({ url: `${prefix}/shard`, engine }),
  )
  assert.equal(error.details['reason'], 'nested')
})
