import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import {
  ShardReader,
  ShardWriter,
  SnapshotReader,
  SnapshotWriter,
  writeSnapshot,
} from '@shardyfusion/core'
import { withPut } from '../support/failing-store.js'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { objectEngine } from '../support/object-engine.js'
import { trapUnhandledRejections } from '../support/unhandled.js'
import { type EngineHooks, watchedEngine } from '../support/watched-engine.js'

trapUnhandledRejections()

const value = Uint8Array.of(1)
const reason = new Error('enough')
const aborted = AbortSignal.abort(reason)

const place = memoryPlace()
await publishRows(place, 'row', 500)
const shard = { url: 'memory://place/shard', objects: place.objects }
const shardWriter = await ShardWriter.open({ ...shard, engine: place.engine })
await shardWriter.put(1, value)
await shardWriter.seal()

test('a signal that is aborted already ends every call before it does anything', async (t) => {
  const hooks: EngineHooks = {}
  const engine = watchedEngine(objectEngine(), hooks)
  const reader = await SnapshotReader.open({ ...place, engine })
  const lone = await ShardReader.open({ ...shard, engine })
  t.after(() => Promise.all([reader.close(), lone.close()]))
  hooks.openReader =
    hooks.openWriter =
    hooks.getMany =
    hooks.nextChunk =
      () => assert.fail('the engine was asked')
  const signal = aborted
  for (const call of [
    () => SnapshotReader.open({ ...place, engine, signal }),
    () => SnapshotWriter.open({ ...place, engine, sharding: { shards: 1 }, signal }),
    () => SnapshotWriter.open({ ...place, engine, sharding: { shards: 1 }, runId: 'x', signal }),
    () => ShardReader.open({ ...shard, engine, signal }),
    () => ShardWriter.open({ ...shard, engine, signal }),
    () => writeSnapshot([], { ...place, engine, sharding: { shards: 1 }, signal }),
    () => reader.get(1, { signal }),
    () => reader.getMany([1, 2], { signal }),
    () => reader.refresh({ signal }),
    async () => reader.scanIter({}, { signal }),
    () => lone.get(1, { signal }),
    () => lone.getMany([1], { signal }),
    async () => lone.scanIter({}, { signal }),
  ]) {
    await assert.rejects(call, reason)
  }
})

/** Runs the call with a signal that is aborted once the engine is in the step that never ends. */
async function abortsDuring(
  step: keyof EngineHooks,
  call: (signal: AbortSignal, engine: ReturnType<typeof watchedEngine>) => Promise<unknown>,
): Promise<void> {
  const stop = new AbortController()
  const held: (() => void)[] = []
  let released = false
  const hooks: EngineHooks = {}
  const engine = watchedEngine(place.engine, hooks)
  const hang = async (): Promise<void> => {
    setImmediate(() => stop.abort(reason))
    if (!released) await new Promise<void>((resolve) => held.push(resolve))
  }
  hooks[step] = hang
  await assert.rejects(call(stop.signal, engine), reason)
  // What hung comes to its end after all, and must not be left open.
  released = true
  for (const release of held) release()
  for (let i = 0; i < 20; i++) await turn()
  const { readers, writers, scans } = engine.counts
  assert.deepEqual({ readers, writers, scans }, { readers: 0, writers: 0, scans: 0 }, step)
}

test('get, getMany and scans end with the reason while a shard opens or is read', async () => {
  for (const step of ['openReader', 'getMany'] as const) {
    for (const read of [
      (reader: SnapshotReader, signal: AbortSignal) => reader.get(1, { signal }),
      (reader: SnapshotReader, signal: AbortSignal) => reader.getMany([1], { signal }),
    ]) {
      await abortsDuring(step, async (signal, engine) => {
        const reader = await SnapshotReader.open({ ...place, engine })
        await read(reader, signal).finally(() => void reader.close())
      })
    }
  }
  for (const step of ['openReader', 'nextChunk'] as const) {
    for (const ordered of [true, false]) {
      await abortsDuring(step, async (signal, engine) => {
        const reader = await SnapshotReader.open({ ...place, engine })
        const scan = reader.scanIter({}, { signal, ordered, chunkSize: 10 })
        await scan.next().finally(() => void reader.close())
      })
    }
  }
})

test('a scan left while its shards open begins none on them', async () => {
  let opened = (): void => {}
  const opening = new Promise<void>((resolve) => (opened = resolve))
  const engine = watchedEngine(place.engine, { openReader: () => opening })
  const reader = await SnapshotReader.open({ ...place, engine })
  const stop = new AbortController()
  const scan = reader.scanIter({}, { signal: stop.signal })
  const next = scan.next()
  await turn()
  stop.abort(reason)
  await assert.rejects(next, reason)
  opened()
  for (let i = 0; i < 10; i++) await turn()
  assert.equal(engine.counts.readers, 3)
  assert.equal(engine.counts.scans, 0)
  await reader.close()
})

test('ShardReader: the same', async () => {
  await abortsDuring('openReader', (signal, engine) =>
    ShardReader.open({ ...shard, engine, signal }),
  )
  await abortsDuring('getMany', async (signal, engine) => {
    const reader = await ShardReader.open({ ...shard, engine })
    await reader.get(1, { signal }).finally(() => void reader.close())
  })
  await abortsDuring('nextChunk', async (signal, engine) => {
    const reader = await ShardReader.open({ ...shard, engine })
    await reader
      .scanIter({}, { signal })
      .next()
      .finally(() => void reader.close())
  })
})

test('ShardWriter: open, a put that waits, flush and seal end with the reason; so does every later call', async () => {
  const url = 'memory://place/aborted'
  const { objects } = place
  const open = (engine: ReturnType<typeof watchedEngine>, signal: AbortSignal) =>
    ShardWriter.open({ url, objects, engine, signal, maxBatchEntries: 1 })
  await abortsDuring('openWriter', (signal, engine) => open(engine, signal))
  for (const [step, call] of [
    [
      'write',
      async (writer: ShardWriter) => {
        for (let i = 0; ; i++) await writer.put(i, value)
      },
    ],
    ['flush', (writer: ShardWriter) => writer.flush()],
    ['seal', (writer: ShardWriter) => writer.seal()],
  ] as const) {
    await abortsDuring(step, async (signal, engine) => {
      const writer = await open(engine, signal)
      if (step !== 'write') await writer.put(1, value)
      try {
        await call(writer)
      } finally {
        await assert.rejects(() => writer.put(1, value), reason)
        await assert.rejects(() => writer.seal(), reason)
        void writer.close()
      }
    })
  }
})

test('SnapshotWriter: while a batch is written, a shard opened or sealed; nothing is published or left', async () => {
  for (const step of ['openWriter', 'write', 'seal'] as const) {
    const fresh = memoryPlace()
    await abortsDuring(step, async (signal, engine) => {
      const writer = await SnapshotWriter.open({
        ...fresh,
        engine,
        sharding: { shards: 2 },
        maxBatchEntries: 3,
        signal,
      })
      try {
        for (let i = 0; i < 100; i++) await writer.put(i, value)
        await writer.publish()
      } finally {
        await assert.rejects(async () => writer.put(1, value), reason)
        void writer.close()
      }
    })
    for await (const { url } of fresh.objects.list(fresh.prefix))
      assert.match(url, /\/run\.yaml$/, step)
  }
})

test('SnapshotWriter: between the seal and the manifest', async () => {
  const fresh = memoryPlace()
  const stop = new AbortController()
  const objects = withPut(fresh.objects, (url, bytes, options, put) => {
    if (url.endsWith('/data')) stop.abort(reason)
    return put(url, bytes, options)
  })
  await assert.rejects(
    () => publishRows({ ...fresh, objects }, 'x', 20, { signal: stop.signal }),
    reason,
  )
  for await (const { url } of fresh.objects.list(fresh.prefix)) assert.match(url, /\/run\.yaml$/)
})

test('writeSnapshot: a source that never gives its next record does not hold up an abort', async () => {
  const stop = new AbortController()
  let told = false
  const records: AsyncIterable<readonly [number, Uint8Array]> = {
    [Symbol.asyncIterator]: () => {
      let id = 0
      return {
        next: async () => {
          if (id < 50) return { done: false, value: [id++, value] as const }
          setImmediate(() => stop.abort(reason))
          return new Promise(() => {})
        },
        return: async () => {
          told = true
          return { done: true, value: undefined }
        },
      }
    },
  }
  const fresh = memoryPlace()
  await assert.rejects(
    () => writeSnapshot(records, { ...fresh, sharding: { shards: 2 }, signal: stop.signal }),
    reason,
  )
  assert.equal(told, true)
})

test('writeSnapshot: with a signal that never aborts, async records are read as without one', async () => {
  let ended = 0
  async function* records(fails: boolean): AsyncGenerator<readonly [number, Uint8Array]> {
    try {
      for (let id = 0; id < 20; id++) yield [id, value]
      if (fails) throw new Error('source')
    } finally {
      ended++
    }
  }
  const fresh = memoryPlace()
  const { signal } = new AbortController()
  const options = { ...fresh, sharding: { shards: 2 }, signal }
  assert.equal((await writeSnapshot(records(false), options)).rowCount, 20)
  await assert.rejects(() => writeSnapshot(records(true), options), /source/)
  const bad = (): number => -1
  await assert.rejects(
    () => writeSnapshot(records(false), { ...options, key: bad, value: () => value }),
    /record 0/,
  )
  assert.equal(ended, 3)
})

test('refresh: one caller’s abort is not another’s', async () => {
  const fresh = memoryPlace()
  await publishRows(fresh, 'old')
  const reader = await SnapshotReader.open({ ...fresh, values: 'utf8' })
  await publishRows(fresh, 'new')
  const stop = new AbortController()
  const mine = reader.refresh({ signal: stop.signal })
  const theirs = reader.refresh()
  stop.abort(reason)
  await assert.rejects(mine, reason)
  assert.equal(await theirs, true)
  assert.equal(await reader.get(1), 'new 1')
  await reader.close()
})
