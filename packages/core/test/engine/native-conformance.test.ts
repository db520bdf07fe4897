import { test } from 'node:test'
import { runEngineConformance } from '@shardyfusion/core/testing'
import { slatedb } from '@shardyfusion/core'
import { FileStore } from '#dist/store/file/file-store.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'

const prefix = tempPrefix()
let shard = 0

runEngineConformance({
  test,
  engine: slatedb({ runtime: 'native' }),
  newShardUrl: () => `${prefix}/shard-${shard++}`,
  objects: new FileStore(),
})

let memoryShard = 0
runEngineConformance({
  test: (name, body) => test(`memory: ${name}`, body),
  engine: slatedb({ runtime: 'native' }),
  newShardUrl: () => `memory://native-conformance/shard-${memoryShard++}`,
})
