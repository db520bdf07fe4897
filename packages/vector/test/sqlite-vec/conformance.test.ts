import { test } from 'node:test'
import { MemoryStore } from '@shardyfusion/core'
import { runEngineConformance, tempStore } from '@shardyfusion/core/testing'
import { sqliteVec } from '@shardyfusion/vector'
import { runVectorBuildConformance, runVectorConformance } from '@shardyfusion/vector/testing'

let shards = 0
const objects = new MemoryStore()
const newShardUrl = (): string => `memory://conformance/shard-${shards++}`

runEngineConformance({ test, engine: sqliteVec(), objects, newShardUrl })
for (const index of ['auto', { lists: 20 }] as const)
  runVectorConformance({ test, engine: sqliteVec({ index }), objects, newShardUrl })

let prefixes = 0
const folder = await tempStore()
test.after(() => folder.remove())
runVectorBuildConformance({
  test,
  engine: sqliteVec(),
  newPrefix: () => `${folder.prefix}/snapshots-${prefixes++}`,
})
