import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore, ShardReader, SnapshotReader, SnapshotWriter } from '@shardyfusion/core'
import { packEntries } from '@shardyfusion/core/extend'
import {
  faultyEngine,
  openBareReader,
  openBareWriter,
  runEngineConformance,
  seedShard,
  seedSnapshot,
} from '@shardyfusion/core/testing'
import { objectEngine } from '../support/object-engine.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

let shards = 0
runEngineConformance({
  test,
  engine: faultyEngine(objectEngine(), { strikes: () => false }),
  newShardUrl: () => `memory://faulty/${shards++}`,
})

test('seedShard and seedSnapshot: leave what readers open', async () => {
  const objects = new MemoryStore()
  const one = Uint8Array.of(1)
  const { rowCount } = await seedShard({ url: 'memory://seed/shard', objects, rows: [[7, one]] })
  assert.equal(rowCount, 1)
  await using shard = await ShardReader.open({ url: 'memory://seed/shard', objects })
  assert.deepEqual(await shard.get(7), one)

  const prefix = 'memory://seed/snapshot'
  const published = await seedSnapshot({
    prefix,
    objects,
    rows: new Map([[7, { name: 'seven' }]]),
    values: 'json',
  })
  assert.equal(published.shards.length, 2)
  await using reader = await SnapshotReader.open({ prefix, objects, values: 'json' })
  assert.deepEqual(await reader.get(7), { name: 'seven' })
})

test('openBareWriter and openBareReader: chunks and stored bytes, nothing around them', async () => {
  const objects = new MemoryStore()
  const url = 'memory://bare/shard'
  const entry = [Uint8Array.of(1), Uint8Array.of(2)] as const
  const writer = await openBareWriter({ url, objects })
  await writer.write(packEntries([entry]))
  await writer.seal()
  await writer.close()
  const reader = await openBareReader({ url, objects })
  assert.deepEqual(await reader.getMany([entry[0]]), [entry[1]])
  await reader.close()
  await rejectsWith('SHARD_NOT_FOUND', /the shard .* does not exist/, () =>
    openBareReader({ url: 'memory://bare/none', objects }),
  )
})

for (const at of ['open', 'write', 'seal'] as const) {
  test(`faultyEngine: a build fails where it is told to: ${at}`, async () => {
    const objects = new MemoryStore()
    const engine = faultyEngine(objectEngine(), { at, strikes: ({ shard }) => shard === 1 })
    const build = async (): Promise<void> => {
      await using writer = await SnapshotWriter.open({
        prefix: 'memory://faulty/build',
        objects,
        engine,
        sharding: { shards: 2 },
      })
      for (let i = 0; i < 20; i++) await writer.put(i, Uint8Array.of(i))
      await writer.publish()
    }
    await rejectsWith('SHARD_ENGINE', /fault injection: attempt 0 at shard 1 fails/, build)
  })
}

test('faultyEngine: strikes once in every attempt it picks', async () => {
  const engine = faultyEngine(objectEngine(), { at: 'open', strikes: ({ attempt }) => attempt < 2 })
  const open = async (shard: number, attempt: number): Promise<string> => {
    const url = `memory://x/shards/run_id=r/db=0000${shard}/attempt=0${attempt}`
    try {
      await (await engine.openWriter({ url })).close()
      return 'opens'
    } catch {
      return 'fails'
    }
  }
  const outcomes = []
  for (const [shard, attempt] of [
    [0, 0],
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 2],
  ] as const) {
    outcomes.push(await open(shard, attempt))
  }
  assert.deepEqual(outcomes, ['fails', 'opens', 'fails', 'fails', 'opens'])
})
