import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import {
  FileStore,
  ShardReader,
  ShardWriter,
  slatedb,
  SnapshotReader,
  writeSnapshot,
} from '@shardyfusion/core'
import { collectGarbage } from '@shardyfusion/test-support/collect-garbage'
import { heldMemory } from '@shardyfusion/test-support/held-memory'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { MemoryTrend } from '@shardyfusion/test-support/memory-trend'
import { countHandles, NO_HANDLES } from '../support/native-handles.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { trapUnhandledRejections } from '../support/unhandled.js'
import { watchedEngine } from '../support/watched-engine.js'

trapUnhandledRejections()

const MIB = 2 ** 20
const value = new Uint8Array(100)

/** Descriptors this process has open; nothing to compare where /proc is not. */
async function descriptors(): Promise<number> {
  return (await readdir('/proc/self/fd').catch(() => [])).length
}

const nowhere = {
  native: { url: 'nowhere://bucket/x', code: 'SHARD_ENGINE' },
  // It knows no URLs; the store does.
  wasm: { url: 'nowhere://bucket/x', code: 'SHARD_STORE' },
} as const

for (const name of ['native', 'wasm'] as const) {
  test(`${name}: 400 opens that fail leave no handle, no descriptor and no memory behind`, async (t) => {
    const { live, restore } = countHandles()
    t.after(restore)
    const prefix = tempPrefix()
    const engine = slatedb({ runtime: name })
    const objects = new FileStore()
    const { url, code } = nowhere[name]
    const attempt = async (i: number): Promise<void> => {
      const o = { url: `${prefix}/${i}`, engine: name }
      await rejectsWith('SHARD_NOT_FOUND', /the shard .* does not exist/, () => ShardReader.open(o))
      await rejectsWith(code, /./, () => engine.openReader({ url, objects }))
      if (name === 'wasm') {
        // It asks its store when the shard is sealed.
        const writer = await engine.openWriter({ url, objects })
        await rejectsWith(code, /./, () => writer.seal())
        await writer.close()
      } else {
        await rejectsWith(code, /./, () => engine.openWriter({ url, objects }))
      }
      await rejectsWith('SHARD_INVALID_OPTION', /settings: .*nope/, () =>
        ShardWriter.open({
          ...o,
          engine: slatedb({ runtime: name, settings: { rawOverrides: { nope: 1 } } }),
        }),
      )
    }
    // What loads once, and pools that fill, are no leaks.
    for (let i = 0; i < 20; i++) await attempt(i)
    await heldMemory()
    const files = await descriptors()
    const memory = new MemoryTrend()
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 10; i++) await attempt(i)
      await memory.read()
    }
    assert.deepEqual(live, NO_HANDLES)
    assert.equal(await descriptors(), files)
    memory.assertNoGrowth({ heap: MIB / 8, resident: MIB })
  })
}

test('native: a writer and a reader give every handle back, batches and iterators too', async (t) => {
  const { live, restore } = countHandles()
  t.after(restore)
  const url = `${tempPrefix()}/shard`
  const writer = await ShardWriter.open({ url, engine: 'native', maxBatchEntries: 10 })
  for (let i = 0; i < 100; i++) await writer.put(i, value)
  assert.equal(live.Db, 1)
  await writer.seal()
  const reader = await ShardReader.open({ url, engine: 'native' })
  await reader.getMany([1, 2, 3])
  for await (const entry of reader.scanIter()) if (entry[0][7] === 5) break
  const left = reader.scanIter({}, { chunkSize: 7 })
  await left.next()
  assert.deepEqual(
    { ...live, DbIterator: 1, DbReader: 1 },
    { ...NO_HANDLES, DbIterator: 1, DbReader: 1 },
  )
  await reader.close()
  assert.deepEqual(live, NO_HANDLES)
})

for (const engine of ['native', 'wasm'] as const) {
  test(`${engine}: 50 readers closed with scans unfinished give everything back`, async (t) => {
    const { live, restore } = countHandles()
    t.after(restore)
    const prefix = tempPrefix()
    const rows = Array.from({ length: 600 }, (_, i) => [i, value] as const)
    await writeSnapshot(rows, { prefix, sharding: { shards: 3 }, engine })
    assert.deepEqual(live, NO_HANDLES)
    let files = 0
    for (let cycle = 0; cycle < 50; cycle++) {
      const reader = await SnapshotReader.open({ prefix, maxOpenShards: 2, engine })
      const merged = reader.scanIter({}, { chunkSize: 10 })
      const streamed = reader.scanIter({}, { chunkSize: 10, ordered: false, reverse: true })
      await Promise.all([merged.next(), streamed.next(), reader.get(cycle)])
      // Ends well or says that the reader is closed.
      const running = (async () => {
        while ((await merged.nextChunk()) !== undefined);
      })().catch(() => {})
      await reader.close()
      await running
      // A scan of a closed reader may still be told to end.
      if (cycle % 2 === 0) await Promise.all([merged.return(), streamed.return()])
      assert.deepEqual(live, NO_HANDLES)
      if (cycle === 10) files = await descriptors()
    }
    assert.equal(await descriptors(), files)
  })
}

test('a scan that is dropped lets go of its snapshot once it is collected', async () => {
  const place = memoryPlace()
  await publishRows(place, 'old', 500)
  const engine = watchedEngine(place.engine)
  const reader = await SnapshotReader.open({ ...place, engine, values: 'utf8' })
  // In a function of its own, so that no variable keeps it.
  await (async () => {
    const dropped = reader.scanIter({}, { chunkSize: 3 })
    assert.equal((await dropped.next()).value?.[1], 'old 0')
  })()
  await publishRows(place, 'new', 500)
  assert.equal(await reader.refresh(), true)
  assert.equal(engine.counts.readers, 3, 'the scan holds the old snapshot')
  for (let i = 0; i < 200 && engine.counts.readers > 0; i++) {
    collectGarbage()
    await turn()
  }
  assert.equal(engine.counts.readers, 0)
  assert.equal(engine.counts.scans, 0)
  assert.equal(await reader.get(1), 'new 1')
  await reader.close()
})

test('a scan that is still used is not collected under its user', async () => {
  const place = memoryPlace()
  await publishRows(place, 'old', 500)
  const reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  const scan = reader.scanIter({}, { chunkSize: 3 })
  await scan.next()
  await publishRows(place, 'new', 500)
  await reader.refresh()
  let rows = 1
  for await (const [, row] of scan) {
    if (rows++ % 100 === 0) collectGarbage()
    assert.match(row, /^old /)
  }
  assert.equal(rows, 500)
  await reader.close()
})

test('an abandoned build on files leaves no shard, also when it is closed in the middle', async (t) => {
  const { live, restore } = countHandles()
  t.after(restore)
  const prefix = tempPrefix()
  async function* endless(): AsyncGenerator<readonly [number, Uint8Array]> {
    for (let i = 0; ; i++) {
      if (i === 5000) throw new Error('source')
      yield [i, value]
    }
  }
  await assert.rejects(
    () =>
      writeSnapshot(endless(), {
        prefix,
        sharding: { shards: 3 },
        maxBatchEntries: 100,
        engine: 'native',
      }),
    /source/,
  )
  assert.deepEqual(live, NO_HANDLES)
  for await (const { url } of new FileStore().list(prefix)) assert.match(url, /\/run\.yaml$/)
})
