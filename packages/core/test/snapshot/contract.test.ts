import { randomUUID } from 'node:crypto'
import { shardContract } from '../contract/shard.js'
import { snapshotContract } from '../contract/snapshot.js'
import { coreApi } from '../support/core-api.js'
import { tempPrefix } from '../support/temp-prefix.js'

snapshotContract({
  name: 'file',
  api: coreApi,
  open: async () => ({ prefix: tempPrefix() }),
})
snapshotContract({
  name: 'memory',
  api: coreApi,
  open: async () => ({ prefix: `memory://${randomUUID()}` }),
})
shardContract({
  name: 'file',
  api: coreApi,
  open: async () => ({ url: `${tempPrefix()}/shard` }),
})
shardContract({
  name: 'memory',
  api: coreApi,
  open: async () => ({ url: `memory://${randomUUID()}/shard` }),
})
