import { test } from 'node:test'
import { runEngineConformance } from '@shardyfusion/core/testing'
import { nativeEngine } from '#dist/engine/native/native-engine.js'
import { FileStore } from '#dist/objects/file-store.js'
import { tempPrefix } from '../support/temp-prefix.js'

const prefix = tempPrefix()
let shard = 0

runEngineConformance({
  test,
  engine: nativeEngine(),
  newShardUrl: () => `${prefix}/shard-${shard++}`,
  objects: new FileStore(),
})

let memoryShard = 0
runEngineConformance({
  test: (name, body) => test(`memory: ${name}`, body),
  engine: nativeEngine(),
  newShardUrl: () => `memory://native-conformance/shard-${memoryShard++}`,
})
