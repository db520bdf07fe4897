// #region write-and-read
import { pathToFileURL } from 'node:url'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'

const prefix = pathToFileURL('products').href
const products = [
  { id: 7, name: 'anvil', price: 49.9 },
  { id: 42, name: 'rope', price: 8.5 },
]
await writeSnapshot(products, { prefix, sharding: { shards: 4 }, key: 'id', values: 'json' })

const reader = await SnapshotReader.open({ prefix, values: 'json', keys: 'decoded' })
console.log(await reader.get(42)) // { id: 42, name: 'rope', price: 8.5 }
for await (const [id, product] of reader.scanIter({ start: 1, end: 50 })) console.log(id, product)
await reader.close()
// #endregion
