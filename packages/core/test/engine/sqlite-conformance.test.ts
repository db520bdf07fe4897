import { test } from 'node:test'
import { MemoryStore, sqlite } from '@shardyfusion/core'
import { runEngineConformance } from '@shardyfusion/core/testing'
import { FileStore } from '#dist/store/file/file-store.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'

const prefix = tempPrefix()
let shard = 0

for (const mode of ['auto', 'download', 'range'] as const) {
  runEngineConformance({
    test: (name, body) => test(`${mode}: ${name}`, body),
    engine: sqlite({ mode }),
    newShardUrl: () => `${prefix}/shard-${shard++}`,
    objects: new FileStore(),
  })
}

runEngineConformance({
  test: (name, body) => test(`memory, small pages: ${name}`, body),
  engine: sqlite({ mode: 'range', pageSize: 512, cacheBytes: 0 }),
  newShardUrl: () => `memory://sqlite-conformance/shard-${shard++}`,
  objects: new MemoryStore(),
})
