import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { EngineWriter, ShardEngine } from '@shardyfusion/core/extend'
import {
  FileStore,
  ShardReader,
  ShardWriter,
  slatedb,
  SnapshotReader,
  SnapshotWriter,
  writeSnapshot,
} from '@shardyfusion/core'
import { withPut } from '../support/failing-store.js'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { objectEngine } from '../support/object-engine.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { storeError } from '#dist/errors/error-factories.js'
import { trapUnhandledRejections } from '../support/unhandled.js'
import { type EngineHooks, watchedEngine } from '../support/watched-engine.js'

trapUnhandledRejections()

const value = Uint8Array.of(1)
const disk = new Error('disk full')

/** A build of 200 rows on an engine with these hooks, in batches of 5. */
async function build(hooks: EngineHooks) {
  const engine = watchedEngine(objectEngine(), hooks)
  const place = memoryPlace(engine)
  const writer = await SnapshotWriter.open({
    ...place,
    sharding: { shards: 4 },
    maxBatchEntries: 5,
    concurrency: 2,
  })
  const fill = async (): Promise<void> => {
    for (let i = 0; i < 200; i++) await writer.put(i, value)
  }
  const leftovers = async (): Promise<string[]> => {
    const urls: string[] = []
    for await (const { url } of place.objects.list(place.prefix)) {
      // The record of the run stays, and says how it ended.
      if (!url.includes('/runs/')) urls.push(url)
    }
    return urls
  }
  return { engine, place, writer, fill, leftovers }
}

test('a write that fails is heard once, by who puts next; the writer closes and nothing is published', async () => {
  let writes = 0
  const { engine, place, writer, fill, leftovers } = await build({
    write: () => {
      if (++writes === 7) throw disk
    },
  })
  const heard: unknown[] = []
  await fill().catch((error: unknown) => heard.push(error))
  assert.deepEqual(heard, [disk])
  // Whoever goes on regardless cannot publish without the lost rows.
  await assert.rejects(() => writer.publish(), disk)
  await writer.close()
  assert.deepEqual(await leftovers(), [])
  assert.equal(engine.counts.writers, 0)
  await rejectsWith('SHARD_NOT_FOUND', /./, () => SnapshotReader.open(place))
})

test('writeSnapshot rejects with the failure of the write and removes what was written', async () => {
  let writes = 0
  const engine = watchedEngine(objectEngine(), {
    write: () => {
      if (++writes === 4) throw disk
    },
  })
  const place = memoryPlace(engine)
  await assert.rejects(() => publishRows(place, 'x', 500, { maxBatchEntries: 5 }), disk)
  for await (const { url } of place.objects.list(place.prefix)) assert.match(url, /\/run\.yaml$/)
  assert.equal(engine.counts.writers, 0)
})

test('the last batch fails only at the end: publish() says so', async () => {
  const { writer, leftovers } = await build({
    write: () => {
      throw disk
    },
  })
  await writer.put(1, value)
  await assert.rejects(() => writer.publish(), disk)
  await rejectsWith(
    'SHARD_CLOSED',
    /sealing the shards of this snapshot has failed; open a new writer/,
    () => writer.publish(),
  )
  await writer.close()
  assert.deepEqual(await leftovers(), [])
})

test('a seal that fails: those under way end first, no other begins, nothing is left', async () => {
  const running = new Set<string>()
  const begun: string[] = []
  const { engine, writer, fill, leftovers } = await build({
    seal: async (url) => {
      begun.push(url)
      if (begun.length === 1) {
        await turn()
        throw disk
      }
      running.add(url)
      for (let i = 0; i < 20; i++) await turn()
      running.delete(url)
    },
  })
  await fill()
  await assert.rejects(() => writer.publish(), disk)
  assert.equal(running.size, 0, 'a seal was still running')
  assert.equal(begun.length, 2)
  await writer.close()
  assert.deepEqual(await leftovers(), [])
  assert.equal(engine.counts.writers, 0)
})

test('an engine that fails to close: heard from close(), never from a finished publish()', async () => {
  const stuck = new Error('stuck')
  let sealed = 0
  const { place, writer, fill } = await build({
    seal: () => {
      sealed++
    },
    closeWriter: () => {
      // After the seal's own close, of each shard.
      if (sealed > 4) throw stuck
      sealed += 100
    },
  })
  await fill()
  await assert.rejects(() => writer.publish(), stuck)
  await assert.rejects(() => writer.close(), stuck)
  await rejectsWith('SHARD_NOT_FOUND', /./, () => SnapshotReader.open(place))
})

test('an engine that fails to open: the next batch tells, others are not begun', async () => {
  const engine = watchedEngine(objectEngine(), {
    openWriter: () => {
      throw disk
    },
  })
  const place = memoryPlace(engine)
  await assert.rejects(() => publishRows(place, 'x', 100, { maxBatchEntries: 2 }), disk)
  const { url, objects } = { url: `${place.prefix}/lone`, objects: place.objects }
  await assert.rejects(() => ShardWriter.open({ url, objects, engine }), disk)
})

test('an engine of the time before seal() is refused, and what it opened is closed', async () => {
  let open = 0
  const old = (extra: object): ShardEngine => ({
    ...objectEngine(),
    name: 'old',
    openWriter: async () => {
      open++
      const writer = {
        write: async () => {},
        flush: async () => {},
        bytes: async () => 0,
        close: async () => {
          open--
        },
        ...extra,
      }
      return writer as unknown as EngineWriter
    },
  })
  const place = memoryPlace()
  for (const [extra, message] of [
    [
      { checkpoint: async () => 'id' },
      /engine "old" offers checkpoint\(\) instead of seal\(\); rename it: seal\(\) finishes/,
    ],
    [{}, /engine "old" has no seal\(\)/],
  ] as const) {
    const engine = old(extra)
    const { prefix, objects } = place
    for (const call of [
      () => ShardWriter.open({ url: `${prefix}/lone`, objects, engine }),
      () => writeSnapshot([[1, value]], { prefix, objects, engine, sharding: { shards: 1 } }),
    ]) {
      const error = await rejectsWith('SHARD_ENGINE', message, call)
      assert.equal(error.details.peer, 'DbAdapterError')
      await turn()
      assert.equal(open, 0)
    }
  }
})

for (const late of [false, true]) {
  test(`an engine that does not open in time is given up${late ? ', and closed when it opens after all' : ''}`, async (t) => {
    const place = memoryPlace()
    await publishRows(place, 'x')
    const opened: (() => void)[] = []
    const hang = (): Promise<void> => new Promise((resolve) => opened.push(resolve))
    const engine = watchedEngine(place.engine, { openWriter: hang, openReader: hang })
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { prefix, objects } = place
    const o = { objects, engine, openTimeoutMs: 2000 }
    const reader = await SnapshotReader.open({ ...o, prefix })
    const calls: [string, () => Promise<unknown>][] = [
      ['ShardReader.open', () => ShardReader.open({ ...o, url: `${prefix}/lone` })],
      ['ShardWriter.open', () => ShardWriter.open({ ...o, url: `${prefix}/lone` })],
      ['SnapshotReader', () => reader.get(1)],
      [
        'SnapshotWriter',
        () => writeSnapshot([[1, value]], { ...o, prefix, sharding: { shards: 1 } }),
      ],
    ]
    for (const [where, call] of calls) {
      const failing = rejectsWith(
        'SHARD_TIMEOUT',
        /engine "object" did not open memory:.* within 2000 ms; check that its storage answers, or raise openTimeoutMs/,
        call,
      )
      failing.catch(() => {})
      while (opened.length === 0) await turn()
      // A little grace is given to engines that keep the bound themselves and can say more.
      t.mock.timers.tick(2500)
      const error = await failing
      assert.ok(error.message.startsWith(`${where}: `), error.message)
      assert.equal(error.retryable, true)
      if (late) for (const open of opened.splice(0)) open()
      else opened.length = 0
      for (let i = 0; i < 5; i++) await turn()
      // Without a shard at this URL, the late reader of the second kind fails, which nobody hears.
      if (late) assert.deepEqual([engine.counts.readers, engine.counts.writers], [0, 0], where)
    }
    await reader.close()
  })
}

test('an aborted signal ends the wait for an engine that knows nothing of signals', async () => {
  const place = memoryPlace()
  await publishRows(place, 'x')
  const never = new Promise<void>(() => {})
  const engine = watchedEngine(place.engine, { openWriter: () => never, openReader: () => never })
  const { prefix, objects } = place
  const reason = new Error('enough')
  const timers = (): number =>
    process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  const before = timers()
  for (const call of [
    (signal: AbortSignal) => ShardReader.open({ url: `${prefix}/a`, objects, engine, signal }),
    (signal: AbortSignal) => ShardWriter.open({ url: `${prefix}/a`, objects, engine, signal }),
    (signal: AbortSignal) =>
      writeSnapshot([[1, value]], {
        prefix,
        objects,
        engine,
        sharding: { shards: 1 },
        signal,
        // A build removes what it wrote, and so waits until an open can write no more.
        openTimeoutMs: 50,
      }),
  ]) {
    const stop = new AbortController()
    setImmediate(() => stop.abort(reason))
    await assert.rejects(() => call(stop.signal), reason)
  }
  assert.equal(timers(), before, 'a timer would keep the process from ending')
})

test('an engine that throws instead of rejecting is heard all the same', async () => {
  const engine: ShardEngine = {
    name: 'throwing',
    format: 'object',
    supports: { io: 'objects' },
    openReader: () => {
      throw disk
    },
    openWriter: () => {
      throw disk
    },
  }
  const { prefix, objects } = memoryPlace()
  await assert.rejects(() => ShardReader.open({ url: `${prefix}/a`, objects, engine }), disk)
  await assert.rejects(() => ShardWriter.open({ url: `${prefix}/a`, objects, engine }), disk)
  const good = memoryPlace()
  await publishRows(good, 'x')
  const reader = await SnapshotReader.open({ ...good, engine })
  await assert.rejects(() => reader.get(1), disk)
  await assert.rejects(() => reader.get(1), disk)
  await reader.close()
})

test('reads that fail reject one call, and the reader goes on', async () => {
  const place = memoryPlace()
  await publishRows(place, 'row')
  let fails = true
  const fail = (): void => {
    if (fails) throw disk
  }
  const engine = watchedEngine(place.engine, { getMany: fail, nextChunk: fail })
  const reader = await SnapshotReader.open({ ...place, engine, values: 'utf8' })
  await assert.rejects(() => reader.get(1), disk)
  await assert.rejects(() => reader.getMany([1, 2, 3, 4]), disk)
  await assert.rejects(() => reader.scanIter().next(), disk)
  await assert.rejects(() => reader.scanIter({}, { ordered: false }).next(), disk)
  await turn()
  assert.equal(engine.counts.scans, 0)
  fails = false
  assert.equal(await reader.get(1), 'row 1')
  await reader.close()
  assert.equal(engine.counts.readers, 0)
})

test('a refresh whose old snapshot does not close cleanly has still moved on', async () => {
  const place = memoryPlace()
  await publishRows(place, 'old')
  const engine = watchedEngine(place.engine, {
    closeReader: () => {
      throw disk
    },
  })
  const reader = await SnapshotReader.open({ ...place, engine, values: 'utf8' })
  assert.equal(await reader.get(1), 'old 1')
  await publishRows(place, 'new')
  assert.equal(await reader.refresh(), true)
  assert.equal(await reader.get(1), 'new 1')
  await assert.rejects(() => reader.close(), disk)
})

test('a build in a folder that is abandoned leaves its record and no empty directory', async () => {
  const store = new FileStore()
  for (const runId of [undefined, 'given']) {
    const prefix = tempPrefix()
    const folder = fileURLToPath(prefix)
    // Of another build of that id; nobody may take it away.
    const other = `${prefix}/shards/run_id=given/db=00000/attempt=99/data`
    for (const beside of [false, true]) {
      if (beside) await store.put(other, value)
      const engine = slatedb({ runtime: 'wasm' })
      const failure = storeError('Store.put', 'disk full')
      // Tables are stored before the manifest that fails.
      const objects = withPut(store, (url, bytes, options, put) => {
        if (url.endsWith('.manifest')) return Promise.reject(failure)
        return put(url, bytes, options)
      })
      const sharding = { shards: 3 }
      const options = { prefix, sharding, engine, objects, maxBatchEntries: 2, runId }
      const writer = await SnapshotWriter.open(options)
      for (let i = 0; i < 20; i++) await writer.put(i, value)
      await assert.rejects(() => writer.publish(), failure)
      assert.ok((await readdir(folder)).includes('shards'))
      await writer.close()
      assert.deepEqual(await readdir(folder), beside ? ['runs', 'shards'] : ['runs'])
    }
    const left: string[] = []
    for await (const { url } of store.list(`${prefix}/shards`)) left.push(url)
    assert.deepEqual(left, [other])
  }
})
