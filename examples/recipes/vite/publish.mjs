import { FileStore, writeSnapshot } from '@shardyfusion/core'
import { writeHttpIndex } from '@shardyfusion/core/maintain'

const prefix = new URL('public/products', import.meta.url).href
const products = [
  { id: 7, name: 'anvil', price: 49.9 },
  { id: 42, name: 'rope', price: 8.5 },
]
await writeSnapshot(products, { prefix, sharding: { shards: 2 }, key: 'id', values: 'json' })
// HTTP has no lists; the engine finds the files of a shard by this index.
await writeHttpIndex(new FileStore(), prefix)
