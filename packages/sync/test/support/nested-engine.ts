// An engine that uses the synchronous API in the worker it runs in.
import type { ShardEngine } from '@shardyfusion/core/extend'
import { ShardReaderSync } from '@shardyfusion/sync'

const engine: ShardEngine = {
  name: 'nested',
  format: 'nested',
  supports: { io: 'objects' },
  origin: { module: import.meta.url },
  openWriter: () => Promise.reject(new Error('not here')),
  openReader: async ({ url }) => {
    ShardReaderSync.open({ url })
    throw new Error('must not come to this')
  },
}

export default engine
