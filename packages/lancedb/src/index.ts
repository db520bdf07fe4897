// Vectors in LanceDB. Loading it makes readers of core find the engines of its formats; LanceDB itself is loaded at first use.
import { slatedb, sqlite } from '@shardyfusion/core'
import { registerEngine } from '@shardyfusion/core/extend'
import { composite } from './composite.js'
import { lancedb } from './lancedb.js'

registerEngine('lancedb', () => lancedb())
registerEngine('slatedb+lancedb', () => composite(slatedb(), lancedb()))
registerEngine('sqlite+lancedb', () => composite(sqlite(), lancedb()))

export { composite, compositeFrom } from './composite.js'
export { lancedb } from './lancedb.js'
export type { LanceDbOptions } from './lancedb-options.js'
