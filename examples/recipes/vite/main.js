import { SnapshotReader } from '@shardyfusion/core'

const reader = await SnapshotReader.open({
  prefix: new URL('products', document.baseURI).href,
  shardUrls: 'rebase', // the snapshot was written to a folder, and is served from a URL
  values: 'json',
})
const { name, price } = await reader.get(42)
document.querySelector('#product').textContent = `${name}: ${price}`
document.title = name
