import { randomUUID } from 'node:crypto'
import { shardContract } from '../contract/shard.js'
import { snapshotContract } from '../contract/snapshot.js'
import { coreApi } from '../support/core-api.js'
import { withS3Server } from '../support/s3-server.js'

await withS3Server('snapshots and shards', ({ bucket, s3 }) => {
  snapshotContract({
    name: 's3',
    api: coreApi,
    open: () => Promise.resolve({ prefix: `s3://${bucket}/${randomUUID()}`, options: { s3 } }),
  })
  shardContract({
    name: 's3',
    api: coreApi,
    open: () => Promise.resolve({ url: `s3://${bucket}/${randomUUID()}/shard`, options: { s3 } }),
  })
})
