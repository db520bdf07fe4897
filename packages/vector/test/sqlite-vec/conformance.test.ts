import { test } from 'node:test'
import { MemoryStore } from '@shardyfusion/core'
import { runEngineConformance } from '@shardyfusion/core/testing'
import { sqliteVec } from '@shardyfusion/vector'

let shards = 0

runEngineConformance({
  test,
  engine: sqliteVec(),
  objects: new MemoryStore(),
  newShardUrl: () => `memory://conformance/shard-${shards++}`,
})
