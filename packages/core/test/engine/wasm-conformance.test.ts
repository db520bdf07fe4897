import { test } from 'node:test'
import { MemoryStore } from '@shardyfusion/core'
import { runEngineConformance } from '@shardyfusion/core/testing'
import { wasmEngine } from '#dist/engine/wasm/wasm-engine.js'
import { FileStore } from '#dist/objects/file-store.js'
import { tempPrefix } from '../support/temp-prefix.js'

const prefix = tempPrefix()
let shard = 0

runEngineConformance({
  test,
  engine: wasmEngine(),
  newShardUrl: () => `${prefix}/shard-${shard++}`,
  objects: new FileStore(),
})

runEngineConformance({
  test: (name, body) => test(`memory: ${name}`, body),
  engine: wasmEngine(),
  newShardUrl: () => `memory://wasm-conformance/shard-${shard++}`,
  objects: new MemoryStore(),
})
