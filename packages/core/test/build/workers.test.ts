import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  FileStore,
  MemoryStore,
  slatedb,
  SnapshotReader,
  SnapshotWriter,
  type SnapshotWriterOptions,
  writeSnapshot,
} from '@shardyfusion/core'
import type { Origin } from '@shardyfusion/core/extend'
import { type ShardEngine, wrapEngine } from '@shardyfusion/core/extend'
import { interceptStore } from '@shardyfusion/core/testing'
import { objectEngine } from '../support/object-engine.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { trapUnhandledRejections } from '../support/unhandled.js'
import { contents } from './support/contents.js'

trapUnhandledRejections()

const run = promisify(execFile)
const MODULE = new URL('./support/worker-module.js', import.meta.url).href

/** An engine that workers make from the test's module, to do what the query says. */
function fromModule(query: string): ShardEngine {
  return wrapEngine(objectEngine(), { origin: { module: `${MODULE}?${query}`, export: 'engine' } })
}

/** Rows with keys that come again later with another value. */
function* rows(count: number): Generator<[number, string]> {
  for (let i = 0; i < count; i++) yield [i % 7 === 3 ? i - 3 : i, `row ${i}`]
}

function build(prefix: string, options: Partial<SnapshotWriterOptions>, count = 3000) {
  return writeSnapshot(rows(count), {
    prefix,
    sharding: { shards: 5 },
    maxBatchEntries: 64,
    ...options,
    values: 'utf8',
  })
}

/** What lies below a prefix on disk, records of runs aside. */
function files(prefix: string): string[] {
  const folder = fileURLToPath(prefix)
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.endsWith('run.yaml'))
}

test('workers: any number of them write the same entries into the same shards', async () => {
  const expected = tempPrefix()
  const first = await build(expected, {})
  const want = await contents(expected)
  assert.ok(want.every((entries) => entries.length > 100))
  for (const workers of [1, 2, 8] as const) {
    const prefix = tempPrefix()
    const published = await build(prefix, { workers })
    assert.equal(published.rowCount, first.rowCount)
    assert.deepEqual(
      published.shards.map(({ rowCount, minKey, maxKey }) => ({ rowCount, minKey, maxKey })),
      first.shards.map(({ rowCount, minKey, maxKey }) => ({ rowCount, minKey, maxKey })),
    )
    assert.ok(published.bytes > 0)
    assert.deepEqual(await contents(prefix), want, `${workers} workers`)
  }
})

test("workers: 'auto', empty shards and builds without rows are fine", async () => {
  const prefix = tempPrefix()
  const empty = await writeSnapshot([], { prefix, sharding: { shards: 2 }, workers: 'auto' })
  assert.equal(empty.rowCount, 0)
  await writeSnapshot([[1, Uint8Array.of(1)]], { prefix, sharding: { shards: 9 }, workers: 'auto' })
  await using reader = await SnapshotReader.open({ prefix })
  assert.deepEqual(await reader.get(1), Uint8Array.of(1))
})

test('workers: values larger than the window of a worker pass', async () => {
  const prefix = tempPrefix()
  const big = new Uint8Array(9 * 1024 * 1024).fill(7)
  const records = [1, 2, 3].map((key) => [key, big] as const)
  await writeSnapshot(records, { prefix, sharding: { shards: 2 }, workers: 1 })
  await using reader = await SnapshotReader.open({ prefix })
  assert.deepEqual(await reader.getMany([1, 2, 3]), [big, big, big])
})

test('workers: what cannot be taken to a thread is refused by name, before anything is written', async () => {
  const prefix = tempPrefix()
  const refuse = (options: Partial<SnapshotWriterOptions>, message: RegExp) =>
    rejectsWith('SHARD_INVALID_OPTION', message, () => build(prefix, { workers: 2, ...options }))
  const from = (origin: object): ShardEngine =>
    wrapEngine(objectEngine(), { origin: origin as Origin })
  await refuse(
    { engine: wrapEngine(objectEngine(), {}) },
    /engine must have an origin.*"object" has/,
  )
  await refuse({ engine: { ...slatedb() } }, /engine must have an origin.*"wasm" has none/)
  await refuse({ objects: new MemoryStore() }, /objects must have an origin/)
  await refuse({ objects: interceptStore(new FileStore(), {}) }, /objects must have an origin/)
  await refuse({ prefix: 'memory://x/y' }, /workers cannot write to memory:\/\//)
  await refuse({ workers: 0 }, /workers must be an integer from 1 to 256 \(threads\), got 0/)
  await refuse({ workers: 'all' as 'auto' }, /workers must be .* or 'auto', got "all"/)
  const core = import.meta.resolve('@shardyfusion/core')
  for (const [origin, message] of [
    [{ module: './module.js' }, /origin\.module must be the URL of a module.*"\.\/module\.js"/],
    [{ module: `${MODULE}x` }, /module .*x could not be loaded/],
    [{ module: 'no-such-package-of-tests' }, /could not be loaded.*npm install no-such-package/],
    [{ module: core, export: 'nothing' }, /has no export "nothing"/],
    [
      { module: core, export: 'ShardReader' },
      /engine must be .* got an object of type ShardReader/,
    ],
    [{ module: core, export: 'slatedb' }, /must make an engine of format "object".* "slatedb"/],
    [{ module: core, options: { now: new Date() } }, /origin\.options\.now must be JSON data/],
    [{ module: core, option: 1 }, /origin has an unknown member "option"/],
  ] as const) {
    await refuse({ engine: from(origin) }, message)
  }
  assert.deepEqual(files(prefix), [])
})

test('workers: an engine and a store of the user’s own are made in every worker', async () => {
  const prefix = tempPrefix()
  const channel = new BroadcastChannel(prefix)
  const heard: { opened?: string; closed?: string; threadId: number }[] = []
  channel.addEventListener('message', (event) => heard.push((event as MessageEvent).data))
  await build(prefix, {
    workers: 2,
    engine: fromModule(`channel=${encodeURIComponent(prefix)}`),
    objects: new FileStore(),
  })
  channel.close()
  const opened = heard.filter((message) => message.opened !== undefined)
  assert.equal(new Set(opened.map((message) => message.opened)).size, 5)
  assert.equal(new Set(opened.map(({ threadId }) => threadId)).size, 2)
  assert.equal(heard.filter((message) => message.closed !== undefined).length, 5)
  const expected = tempPrefix()
  await build(expected, {})
  assert.deepEqual(await contents(prefix, objectEngine()), await contents(expected))
})

test('workers: an error keeps its code, details and cause on the way, and nothing is published', async () => {
  const prefix = tempPrefix()
  const error = await rejectsWith('SHARD_ENGINE', /^worker module: no space left$/, () =>
    build(prefix, { workers: 2, engine: fromModule('failAfter=3') }),
  )
  assert.equal(error.retryable, false)
  assert.match(String(error.details['url']), /attempt=00$/)
  assert.equal(error.details['limit'], 2n ** 60n)
  assert.ok(error.cause instanceof Error)
  assert.equal(error.cause.name, 'TypeError')
  assert.equal(error.cause.cause, 'its own')
  assert.deepEqual(files(prefix), [])
})

for (const [how, query, message] of [
  ['exits', 'exitAfter=3', /a worker thread ended .*exit code 7/],
  ['throws where nobody catches it', 'throwAfter=3', /thrown where nobody catches it/],
] as const) {
  test(`workers: a worker that ${how} fails the build clearly, and nothing is published`, async () => {
    const prefix = tempPrefix()
    await build(prefix, {}, 50)
    const before = files(prefix)
    const error = await rejectsWith('SHARD_ENGINE', message, () =>
      build(prefix, { workers: 2, engine: fromModule(query) }),
    )
    assert.equal(error.retryable, true)
    assert.equal(error.details['workerDied'], true)
    assert.deepEqual(files(prefix), before)
  })
}

test(
  'workers: a slow worker holds the build up, so that memory stays bounded',
  { timeout: 120_000 },
  async () => {
    const prefix = tempPrefix()
    const enough = new AbortController()
    const channel = new BroadcastChannel(prefix)
    const held = new Promise((resolve) =>
      channel.addEventListener('message', resolve, { once: true }),
    )
    const writer = await SnapshotWriter.open({
      prefix,
      sharding: { shards: 2 },
      workers: 1,
      engine: fromModule(`holds&channel=${encodeURIComponent(prefix)}`),
      signal: enough.signal,
    })
    const value = new Uint8Array(10_000)
    let put = 0
    const fill = async (): Promise<void> => {
      for (; put < 100_000; put++) {
        const wait = writer.putSync(put, value)
        if (wait !== undefined) await wait
      }
    }
    const filling = fill()
    await held
    // This thread is free to run timers only while it waits for the worker, which from now on is for ever.
    let last = -1
    // A busy machine may stand still for longer than this, but not before as much as may be under way is taken.
    while (put !== last || put <= 300) {
      last = put
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    assert.ok(put < 2000, `${put} rows of 10,000 bytes were taken`)
    enough.abort(new Error('enough'))
    await assert.rejects(filling, /enough/)
    channel.postMessage('go on')
    channel.close()
    await writer.close()
    assert.deepEqual(files(prefix), [])
  },
)

test('workers: aborting ends a build, removes what it wrote and ends its threads', async () => {
  const prefix = tempPrefix()
  const stop = new AbortController()
  let taken = 0
  async function* endless(): AsyncGenerator<[number, string]> {
    for (let i = 0; ; i++) {
      taken = i
      if (i === 20_000) stop.abort(new Error('enough'))
      yield [i, `row ${i}`]
    }
  }
  const options = { prefix, sharding: { shards: 3 }, workers: 2, signal: stop.signal } as const
  await assert.rejects(() => writeSnapshot(endless(), { ...options, values: 'utf8' }), /enough/)
  assert.ok(taken < 25_000)
  assert.deepEqual(files(prefix), [])
})

test('workers: a process that leaves its writer open ends by itself', async () => {
  const script = fileURLToPath(new URL('./support/leaves-open.js', import.meta.url))
  const { stdout } = await run(process.execPath, [script, tempPrefix()], { timeout: 60_000 })
  assert.equal(stdout, 'rows taken\n')
})
