import { randomUUID } from 'node:crypto'
import { shardContract } from '../contract/shard.js'
import { snapshotContract } from '../contract/snapshot.js'
import { coreApi } from '../support/core-api.js'
import { withS3Server } from '../support/s3-server.js'

await withS3Server('snapshots and shards', ({ bucket, s3 }) => {
  for (const engine of ['wasm', 'native'] as const) {
    const options = { s3, engine }
    const newPrefix = (): string => `s3://${bucket}/${randomUUID()}`
    snapshotContract({
      name: `s3, ${engine}`,
      api: coreApi,
      open: () => Promise.resolve({ prefix: newPrefix(), options }),
    })
    shardContract({
      name: `s3, ${engine}`,
      api: coreApi,
      open: () => Promise.resolve({ url: `${newPrefix()}/shard`, options }),
    })
  }
})
