import { randomUUID } from 'node:crypto'
import { shardContract } from '../contract/shard.js'
import { snapshotContract } from '../contract/snapshot.js'
import { coreApi } from '../support/core-api.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'

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
snapshotContract({
  name: 'file, wasm engine',
  api: coreApi,
  open: async () => ({ prefix: tempPrefix(), options: { engine: 'wasm' } }),
})
snapshotContract({
  name: 'memory, wasm engine',
  api: coreApi,
  open: async () => ({ prefix: `memory://${randomUUID()}`, options: { engine: 'wasm' } }),
})
shardContract({
  name: 'file, wasm engine',
  api: coreApi,
  open: async () => ({ url: `${tempPrefix()}/shard`, options: { engine: 'wasm' } }),
})
