import assert from 'node:assert/strict'
// #region conformance
import { test } from 'node:test'
import { MemoryStore } from '@shardyfusion/core'
import { runEngineConformance } from '@shardyfusion/core/testing'
// #endregion
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { memoryEngine } from '#dist/memory-engine.js'

// #region conformance
let shards = 0
runEngineConformance({
  test,
  engine: memoryEngine(),
  objects: new MemoryStore(),
  newShardUrl: () => `memory://conformance/shard-${shards++}`,
})
// #endregion

test('memory-engine: writes and reads a snapshot', async () => {
  const engine = memoryEngine()
  const prefix = 'memory://memory-engine-example'
  const records = new Map(Array.from({ length: 100 }, (_, i) => [i, `value ${i}`]))
  await writeSnapshot(records, { prefix, engine, sharding: { shards: 3 }, values: 'utf8' })
  await using reader = await SnapshotReader.open({ prefix, engine, values: 'utf8' })
  assert.deepEqual(await reader.getMany([99, 100, 0]), ['value 99', undefined, 'value 0'])
})
