import { shardContract } from '../../../core/dist-test/contract/shard.js'
import { snapshotContract } from '../../../core/dist-test/contract/snapshot.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { syncApi } from '../support/sync-api.js'

for (const engine of ['wasm', 'native'] as const) {
  shardContract({
    name: `files, without await, ${engine}`,
    api: syncApi,
    open: async () => ({ url: `${tempPrefix()}/shard`, options: { engine } }),
  })
  snapshotContract({
    name: `files, without await, ${engine}`,
    api: syncApi,
    open: async () => ({ prefix: tempPrefix(), options: { engine } }),
  })
}

let name = 0
shardContract({
  name: 'memory, without await',
  api: syncApi,
  open: async () => ({ url: `memory://sync-shard-${name++}` }),
})
snapshotContract({
  name: 'memory, without await',
  api: syncApi,
  open: async () => ({ prefix: `memory://sync-${name++}` }),
})
