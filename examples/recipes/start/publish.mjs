import { writeSnapshot } from '@shardyfusion/core'

const products = [
  { id: 7, name: 'anvil', price: 49.9 },
  { id: 42, name: 'rope', price: 8.5 },
  { id: 99, name: 'magnet', price: 12 },
]

const published = await writeSnapshot(products, {
  // A folder next to this file.
  prefix: new URL('snapshots', import.meta.url).href,
  sharding: { shards: 4 },
  key: 'id',
  values: 'json',
})
console.log(`published ${published.rowCount} rows`)
