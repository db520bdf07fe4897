// A script without await: publishes a price list and looks up prices.
// #region sync-script
import { pathToFileURL } from 'node:url'
import { SnapshotReaderSync, writeSnapshotSync } from '@shardyfusion/sync'

const prefix = pathToFileURL('prices').href
const products = [
  { id: 7, name: 'anvil', price: 49.9 },
  { id: 42, name: 'rope', price: 8.5 },
]
writeSnapshotSync(products, { prefix, sharding: { shards: 4 }, key: 'id', values: 'json' })

const reader = SnapshotReaderSync.open({ prefix, values: 'json', keys: 'decoded' })
console.log(reader.get(42)) // { id: 42, name: 'rope', price: 8.5 }
for (const [id, product] of reader.scanIter({ start: 1, end: 50 })) console.log(id, product)
// #endregion

// #region sync-errors
import { isShardyfusionError } from '@shardyfusion/core'

try {
  console.log(reader.getMany([7, 99, 42], { timeoutMs: 10_000 }))
} catch (error) {
  if (!isShardyfusionError(error)) throw error
  if (error.code === 'SHARD_INTERRUPTED') process.exitCode = 130 // Ctrl-C, if the program handles it
  else if (error.code === 'SHARD_TIMEOUT') console.error('retry later:', error.message)
  else if (error.code === 'SHARD_BRIDGE') console.error('the worker thread has ended:', error.cause)
  else throw error
} finally {
  reader.close()
}
// #endregion
