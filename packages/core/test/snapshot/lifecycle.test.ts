import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import { packEntries } from '@shardyfusion/core/extend'
import { ShardReader, ShardWriter, SnapshotReader, SnapshotWriter } from '@shardyfusion/core'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { objectEngine } from '../support/object-engine.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { trapUnhandledRejections } from '../support/unhandled.js'
import { watchedEngine } from '../support/watched-engine.js'

trapUnhandledRejections()

const value = Uint8Array.of(1)
const chunk = packEntries([[new Uint8Array(8), value]])

type Calls<T> = Record<string, (it: T) => unknown>

const SNAPSHOT_READER: Calls<SnapshotReader> = {
  get: (it) => it.get(1),
  getMany: (it) => it.getMany([1, 2, 3]),
  scanIter: (it) => it.scanIter().next(),
  shardFor: (it) => it.shardFor(1),
  info: (it) => it.info(),
  shards: (it) => it.shards(),
  refresh: (it) => it.refresh(),
}
/** Calls that an open reader refuses too, if the snapshot has no vectors. */
const SNAPSHOT_SEARCH: Calls<SnapshotReader> = {
  search: (it) => it.search([1]),
  searchMany: (it) => it.searchMany([[1]]),
  searchChunk: (it) => it.searchChunk([[1]]),
  searchLike: (it) => it.searchLike(1),
  vectors: (it) => it.vectors(),
}
const SHARD_READER: Calls<ShardReader> = {
  get: (it) => it.get(1),
  getMany: (it) => it.getMany([1, 2, 3]),
  scanIter: (it) => it.scanIter().next(),
}
const SNAPSHOT_WRITER: Calls<SnapshotWriter> = {
  put: (it) => it.put(1, value),
  putSync: (it) => it.putSync(1, value),
  putChunk: (it) => it.putChunk(chunk),
  publish: (it) => it.publish(),
}
const SHARD_WRITER: Calls<ShardWriter> = {
  put: (it) => it.put(1, value),
  putChunk: (it) => it.putChunk(chunk),
  flush: (it) => it.flush(),
  seal: (it) => it.seal(),
}

/** Methods that answer in every state, by design. */
const ALWAYS: Record<string, string[]> = {
  SnapshotReader: ['health', 'stats', 'decodeKey', 'close', 'keyEncoding'],
  ShardReader: ['stats', 'decodeKey', 'close', 'url', 'keyEncoding'],
  SnapshotWriter: ['close', 'runId', 'rows'],
  ShardWriter: ['close', 'url', 'keyEncoding'],
}

test('the tables below name every public method', () => {
  for (const [type, calls] of [
    [SnapshotReader, { ...SNAPSHOT_READER, ...SNAPSHOT_SEARCH }],
    [ShardReader, SHARD_READER],
    [SnapshotWriter, SNAPSHOT_WRITER],
    [ShardWriter, SHARD_WRITER],
  ] as const) {
    const known = new Set([...Object.keys(calls), ...ALWAYS[type.name]!, 'constructor'])
    const missing = Object.getOwnPropertyNames(type.prototype).filter((name) => !known.has(name))
    assert.deepEqual(missing, [], type.name)
  }
})

/** An engine whose closes wait until they are let go, so that "closing" is a state one can call in. */
function slowToClose() {
  let letGo = (): void => {}
  const gate = new Promise<void>((resolve) => (letGo = resolve))
  const engine = watchedEngine(objectEngine(), { closeReader: () => gate, closeWriter: () => gate })
  return { engine, letGo }
}

/** Every call in the states closing and closed; `close` may be called in all of them. */
async function refusesAll<T extends { close(): Promise<void> }>(
  name: string,
  it: T,
  calls: Calls<T>,
  letGo: () => void,
): Promise<void> {
  const refused = async (state: string): Promise<void> => {
    for (const [method, call] of Object.entries(calls)) {
      const error = await rejectsWith('SHARD_CLOSED', /closed/, () => call(it))
      const where = method === 'putSync' ? 'put' : method
      assert.ok(error.message.startsWith(`${name}.${where}: `), `${state}: ${error.message}`)
      assert.match(error.message, /; open a new (one|writer)$/)
      assert.equal(error.details.peer, 'ReaderStateError')
    }
  }
  const closing = it.close()
  await refused('closing')
  letGo()
  await Promise.all([closing, it.close()])
  await refused('closed')
  await it.close()
}

test('SnapshotReader: open answers, closing and closed refuse', async () => {
  const { engine, letGo } = slowToClose()
  const place = memoryPlace()
  await publishRows(place, 'row')
  const reader = await SnapshotReader.open({ ...place, engine })
  for (const call of Object.values(SNAPSHOT_READER)) await call(reader)
  assert.equal(reader.health().status, 'healthy')
  const calls = { ...SNAPSHOT_READER, ...SNAPSHOT_SEARCH }
  await refusesAll('SnapshotReader', reader, calls, letGo)
  assert.equal(reader.health().isClosed, true)
  assert.equal(reader.decodeKey(new Uint8Array(8)), 0n)
  assert.equal(engine.counts.readers, 0)
})

test('ShardReader: open answers, closing and closed refuse', async () => {
  const { engine, letGo } = slowToClose()
  const { objects } = memoryPlace()
  const o = { url: 'memory://place/shard', objects }
  const writer = await ShardWriter.open({ ...o, engine: objectEngine() })
  await writer.put(1, value)
  await writer.seal()
  const reader = await ShardReader.open({ ...o, engine })
  for (const call of Object.values(SHARD_READER)) await call(reader)
  await refusesAll('ShardReader', reader, SHARD_READER, letGo)
  assert.equal(engine.counts.readers, 0)
})

test('SnapshotWriter: closed without publishing, it refuses', async () => {
  const { engine, letGo } = slowToClose()
  const writer = await SnapshotWriter.open({ ...memoryPlace(engine), sharding: { shards: 2 } })
  await writer.put(1, value)
  await refusesAll('SnapshotWriter', writer, SNAPSHOT_WRITER, letGo)
  assert.equal(engine.counts.writers, 0)
})

test('ShardWriter: closed without sealing, it refuses', async () => {
  const { engine, letGo } = slowToClose()
  const { objects } = memoryPlace()
  const writer = await ShardWriter.open({ url: 'memory://place/shard', objects, engine })
  await writer.put(1, value)
  await refusesAll('ShardWriter', writer, SHARD_WRITER, letGo)
  assert.equal(engine.counts.writers, 0)
})

test('SnapshotWriter: publishing twice at once is one publication, afterwards it is refused', async () => {
  const place = memoryPlace()
  const writer = await SnapshotWriter.open({ ...place, sharding: { shards: 2 } })
  await writer.put(1, value)
  const first = writer.publish()
  const second = writer.publish()
  const { publish, ...puts } = SNAPSHOT_WRITER
  for (const call of Object.values(puts)) {
    await rejectsWith('SHARD_CLOSED', /is being published and takes no more entries/, () =>
      call(writer),
    )
  }
  const { runId } = await first
  assert.equal(await second, await first)
  const manifests = new ObjectManifestStore(place.objects, place.prefix)
  assert.equal((await manifests.listManifests()).length, 1)
  for (const call of [publish!, ...Object.values(puts)]) {
    await rejectsWith('SHARD_CLOSED', /this snapshot is published already; open a new writer/, () =>
      call(writer),
    )
  }
  await writer.close()
  await rejectsWith('SHARD_CLOSED', /published already/, () => writer.publish())
  const reader = await SnapshotReader.open(place)
  assert.equal(reader.info().runId, runId)
  assert.deepEqual(await reader.get(1), value)
  await reader.close()
})

test('ShardWriter: sealing twice, at once and afterwards', async () => {
  const seals: string[] = []
  const engine = watchedEngine(objectEngine(), { seal: (url) => seals.push(url) })
  const { objects } = memoryPlace()
  const o = { url: 'memory://place/shard', objects, engine }
  const writer = await ShardWriter.open(o)
  await writer.put(1, value)
  const first = writer.seal()
  for (const call of Object.values(SHARD_WRITER)) {
    await rejectsWith('SHARD_CLOSED', /this shard is being sealed; open a new writer/, () =>
      call(writer),
    )
  }
  const closing = writer.close()
  assert.equal((await first).rowCount, 1)
  await closing
  for (const call of Object.values(SHARD_WRITER)) {
    await rejectsWith('SHARD_CLOSED', /this shard is sealed already; open a new writer/, () =>
      call(writer),
    )
  }
  assert.deepEqual(seals, [o.url])
  const reader = await ShardReader.open(o)
  assert.deepEqual(await reader.get(1), value)
  await reader.close()
})

test('ShardWriter: after a seal that failed nothing more is taken', async () => {
  const engine = watchedEngine(objectEngine(), {
    seal: () => {
      throw new Error('disk full')
    },
  })
  const { objects } = memoryPlace()
  const writer = await ShardWriter.open({ url: 'memory://place/shard', objects, engine })
  await writer.put(1, value)
  await assert.rejects(() => writer.seal(), /disk full/)
  for (const call of Object.values(SHARD_WRITER)) {
    await rejectsWith('SHARD_CLOSED', /sealing this shard has failed; open a new writer/, () =>
      call(writer),
    )
  }
  await writer.close()
  assert.equal(engine.counts.writers, 0)
})

test('asyncDispose closes, and an open scan of a closed reader refuses', async () => {
  const place = memoryPlace()
  await publishRows(place, 'row', 500)
  const reader = await SnapshotReader.open(place)
  const ordered = reader.scanIter({}, { chunkSize: 5 })
  const unordered = reader.scanIter({}, { chunkSize: 5, ordered: false })
  const untouched = reader.scanIter()
  await ordered.next()
  await unordered.next()
  await reader[Symbol.asyncDispose]()
  for (const scan of [ordered, unordered, untouched]) {
    await rejectsWith(
      'SHARD_CLOSED',
      /^SnapshotReader\.scanIter: this reader is closed; open a new one$/,
      async () => {
        for (;;) if ((await scan.next()).done === true) return
      },
    )
    await scan[Symbol.asyncDispose]()
  }
})

test('calls that run while a reader is closed end well, or say that it is closed', async () => {
  const place = memoryPlace()
  await publishRows(place, 'row', 200)
  for (let round = 0; round < 30; round++) {
    const reader = await SnapshotReader.open({ ...place, values: 'utf8', maxOpenShards: 1 })
    const calls = Array.from({ length: 10 }, async (_, i) => {
      assert.equal(await reader.get(i), `row ${i}`)
      assert.deepEqual(await reader.getMany([i, i + 100]), [`row ${i}`, `row ${i + 100}`])
      let rows = 0
      for await (const entry of reader.scanIter({}, { chunkSize: 7 })) rows += entry.length / 2
      assert.equal(rows, 200)
    })
    for (let i = 0; i < round; i++) await Promise.resolve()
    if (round % 3 === 0) await new Promise(setImmediate)
    await reader.close()
    for (const outcome of await Promise.allSettled(calls)) {
      if (outcome.status === 'fulfilled') continue
      await rejectsWith('SHARD_CLOSED', /this reader is closed/, () => {
        throw outcome.reason
      })
    }
  }
})
