// A program that forgets to close its writer: nothing of it may keep the process alive.
import { SnapshotWriter } from '@shardyfusion/core'

const writer = await SnapshotWriter.open({
  prefix: process.argv[2]!,
  sharding: { shards: 2 },
  workers: 2,
  maxBatchEntries: 10,
})
for (let i = 0; i < 1000; i++) await writer.put(i, Uint8Array.of(1))
console.log('rows taken')
