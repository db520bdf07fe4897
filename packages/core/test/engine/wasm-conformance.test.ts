import { test } from 'node:test'
import { MemoryStore, slatedb } from '@shardyfusion/core'
import { runEngineConformance } from '@shardyfusion/core/testing'
import { FileStore } from '#dist/store/file/file-store.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'

const prefix = tempPrefix()
let shard = 0

runEngineConformance({
  test,
  engine: slatedb({ runtime: 'wasm' }),
  newShardUrl: () => `${prefix}/shard-${shard++}`,
  objects: new FileStore(),
})

runEngineConformance({
  test: (name, body) => test(`memory: ${name}`, body),
  engine: slatedb({ runtime: 'wasm' }),
  newShardUrl: () => `memory://wasm-conformance/shard-${shard++}`,
  objects: new MemoryStore(),
})
