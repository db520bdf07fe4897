import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slatedb, SnapshotReader } from '@shardyfusion/core'
import { memoryPlace, type Place, publishRows } from '../support/memory-place.js'
import { objectEngine } from '../support/object-engine.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { trapUnhandledRejections } from '../support/unhandled.js'
import { type WatchedEngine, watchedEngine } from '../support/watched-engine.js'
import { FileStore } from '#dist/store/file/file-store.js'

trapUnhandledRejections()

const ROWS = 240
const SHARDS = { sharding: { shards: 12 } }

/** 200 gets at once over 12 shards with 2 open, while the snapshot under them is replaced again and again. */
async function manyGets(place: Place, engine: WatchedEngine, refreshes: number): Promise<void> {
  await publishRows(place, '0', ROWS, SHARDS)
  const reader = await SnapshotReader.open({
    ...place,
    engine,
    values: 'utf8',
    maxOpenShards: 2,
  })
  let generation = 0
  const gets = Array.from({ length: 200 }, async (_, i) => {
    for (let call = 0; call < 3; call++) {
      const key = (i * 7 + call * 31) % ROWS
      const before = generation
      const value = await reader.get(key)
      const [mark, row] = (value ?? '').split(' ')
      assert.equal(Number(row), key)
      assert.ok(
        Number(mark) >= before && Number(mark) <= generation + 1,
        `${mark} at ${generation}`,
      )
    }
  })
  const scan = reader.scanIter({}, { chunkSize: 5 })
  const scanned: string[] = []
  const scanning = (async () => {
    for await (const [, value] of scan) scanned.push(value)
  })()
  for (let next = 1; next <= refreshes; next++) {
    await publishRows(place, `${next}`, ROWS, SHARDS)
    assert.equal(await reader.refresh(), true)
    generation = next
  }
  await Promise.all([...gets, scanning])
  assert.deepEqual(
    scanned,
    Array.from({ length: ROWS }, (_, i) => `0 ${i}`),
  )
  assert.ok(engine.counts.mostReaders <= 2, `${engine.counts.mostReaders} shards were open`)
  await reader.close()
  const { readers, scans } = engine.counts
  assert.deepEqual({ readers, scans }, { readers: 0, scans: 0 })
}

test('200 gets over 12 shards with 2 open and refreshes in between: right, and never more than 2', async () => {
  const engine = watchedEngine(objectEngine(), {
    openReader: () => new Promise(setImmediate),
    closeReader: () => new Promise(setImmediate),
  })
  await manyGets(memoryPlace(), engine, 5)
})

test('the same on the native engine', async () => {
  const engine = watchedEngine(slatedb({ runtime: 'native' }))
  const place = {
    prefix: tempPrefix(),
    objects: new FileStore(),
    engine: slatedb({ runtime: 'native' }),
  }
  await manyGets(place, engine, 1)
})
