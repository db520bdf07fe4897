import { test } from 'node:test'
import { FileStore, MemoryStore, slatedb, sqlite } from '@shardyfusion/core'
import type { VectorMetric } from '@shardyfusion/core/extend'
import { runEngineConformance, tempStore } from '@shardyfusion/core/testing'
import { composite, lancedb } from '@shardyfusion/lancedb'
import { runVectorBuildConformance, runVectorConformance } from '@shardyfusion/vector/testing'

let shards = 0
const inMemory = {
  test,
  objects: new MemoryStore(),
  newShardUrl: (): string => `memory://conformance/shard-${shards++}`,
}
const folder = await tempStore()
test.after(() => folder.remove())
const inFolder = {
  test,
  objects: new FileStore(),
  newShardUrl: (): string => `${folder.prefix}/shard-${shards++}`,
}

const lance = {
  distance: (metric: VectorMetric, usual: number): number =>
    metric === 'l2' ? usual * usual : metric === 'dot_product' ? 1 + usual : usual,
  textIds: true,
}

runEngineConformance({ ...inMemory, engine: lancedb() })
runEngineConformance({ ...inMemory, engine: composite(slatedb(), lancedb()) })
runEngineConformance({ ...inFolder, engine: composite(sqlite(), lancedb()) })

runVectorConformance({ ...inMemory, ...lance, engine: lancedb() })
runVectorConformance({ ...inFolder, ...lance, engine: lancedb({ index: 'none' }) })
// Small shards searched by the index.
runVectorConformance({ ...inMemory, ...lance, engine: lancedb({ exactUpTo: 0 }) })
runVectorConformance({ ...inFolder, ...lance, engine: lancedb({ index: 'hnsw', exactUpTo: 0 }) })
runVectorConformance({ ...inMemory, ...lance, engine: composite(slatedb(), lancedb()) })
runVectorConformance({ ...inFolder, ...lance, engine: composite(sqlite(), lancedb()) })

const newPrefix = (): string => `${folder.prefix}/snapshots-${shards++}`
for (const keys of [slatedb(), sqlite()])
  runVectorBuildConformance({ test, engine: composite(keys, lancedb()), newPrefix })
