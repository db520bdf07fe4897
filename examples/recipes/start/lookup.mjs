import { SnapshotReader } from '@shardyfusion/core'

const reader = await SnapshotReader.open({
  prefix: new URL('snapshots', import.meta.url).href,
  values: 'json',
  keys: 'decoded',
})
console.log(await reader.get(42))
console.log(await reader.getMany([7, 1000]))
for await (const [id, { name }] of reader.scanIter({ start: 40 })) {
  console.log(id, name)
}
await reader.close()
