import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { test, type TestContext } from 'node:test'
import {
  type DiagnosticsTraces,
  SnapshotReader,
  type TraceEnd,
  writeSnapshot,
} from '@shardyfusion/core'
import { faultyStore } from '@shardyfusion/core/testing'
import { memoryPlace, publishRows } from '../support/memory-place.js'

interface Recorded {
  readonly events: string[]
  readonly message: TraceEnd & Record<string, unknown>
}

/** The operations of a channel while the test runs, in the order in which they started. */
function recorded(t: TestContext, name: keyof DiagnosticsTraces): Recorded[] {
  const all = new Map<unknown, Recorded>()
  const list: Recorded[] = []
  const note = (event: string) => (message: unknown) => {
    let found = all.get(message)
    if (found === undefined) {
      found = { events: [], message: message as Recorded['message'] }
      all.set(message, found)
      list.push(found)
    }
    found.events.push(event)
  }
  const subscriber = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  }
  const to = tracingChannel(`shardyfusion:${name}`)
  to.subscribe(subscriber)
  t.after(() => to.unsubscribe(subscriber))
  return list
}

const DONE = ['start', 'end', 'asyncStart', 'asyncEnd']
const FAILED = ['start', 'end', 'error', 'asyncStart', 'asyncEnd']

test('traces: a get has the events of tracePromise, and no key and no value', async (t) => {
  const place = memoryPlace()
  await publishRows(place, 'secret', 20)
  await using reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  const gets = recorded(t, 'get')
  await reader.get(1)
  await reader.get(1)
  await reader.get(99)
  await assert.rejects(reader.get(-1))
  assert.deepEqual(
    gets.map(({ events, message }) => [events, message['found']]),
    [
      [DONE, true],
      [DONE, true],
      [DONE, false],
      [FAILED, undefined],
    ],
  )
  assert.equal((gets[3]!.message.error as { code: string }).code, 'SHARD_INVALID_KEY')
  for (const { message } of gets) {
    assert.ok(message.durationMs! >= 0)
    assert.doesNotMatch(JSON.stringify({ ...message, error: undefined }), /secret/)
  }
})

test('traces: requests are part of the operation that made them', async (t) => {
  const place = memoryPlace()
  await publishRows(place, 'rows', 20)
  const parent = new AsyncLocalStorage<string>()
  const parents: [string, string | undefined][] = []
  const names = ['open', 'get', 'scan', 'shard-open', 'store-request'] as const
  for (const name of names) {
    const { start } = tracingChannel(`shardyfusion:${name}`)
    start.bindStore(parent, () => {
      parents.push([name, parent.getStore()])
      return name
    })
    t.after(() => start.unbindStore(parent))
  }
  const requests = recorded(t, 'store-request')
  await using reader = await SnapshotReader.open(place)
  await reader.get(1)
  for await (const _ of reader.scanIter()) continue
  const seen = new Set(parents.map(([name, above]) => `${above} > ${name}`))
  for (const expected of [
    'undefined > open',
    'open > store-request',
    'undefined > get',
    'get > shard-open',
    'shard-open > store-request',
    'undefined > scan',
  ]) {
    assert.ok(seen.has(expected), `${expected} of ${[...seen].join(', ')}`)
  }
  assert.ok(requests.length > 0)
  for (const { events, message } of requests) {
    assert.deepEqual(events, DONE)
    assert.equal(typeof message['operation'], 'string')
  }
  assert.ok(requests.some(({ message }) => Number(message['bytes']) > 0))
})

test('traces: batches, scans, refreshes, builds and shards say what they did', async (t) => {
  const batches = recorded(t, 'get-many')
  const scans = recorded(t, 'scan')
  const refreshes = recorded(t, 'refresh')
  const builds = recorded(t, 'build')
  const shards = recorded(t, 'shard-write')
  const place = memoryPlace()
  const rows = Array.from({ length: 100 }, (_, i) => [i, `value ${i}`] as const)
  const options = { ...place, sharding: { shards: 2 }, values: 'utf8' } as const
  const { runId, manifestRef } = await writeSnapshot(rows, options)
  await using reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  await reader.getMany([1, 2, 1000])
  for await (const _ of reader.scanIter({ start: 0, end: 10 })) continue
  for await (const _ of reader.scanIter()) break
  await reader.refresh()
  assert.deepEqual(
    batches.map(({ message: { keys, found } }) => [keys, found]),
    [[3, 2]],
  )
  assert.deepEqual(
    scans.map(({ events, message: { entries } }) => [events, entries]),
    [
      [DONE, 10],
      [DONE, 100],
    ],
  )
  assert.deepEqual(
    refreshes.map(({ message: { outcome } }) => outcome),
    ['unchanged'],
  )
  assert.deepEqual(
    builds.map(({ events, message: m }) => [events, m['rows'], m['manifestRef'], m['runId']]),
    [[DONE, 100, manifestRef, runId]],
  )
  assert.deepEqual(
    shards.map(({ events }) => events),
    [DONE, DONE],
  )
  assert.equal(
    shards.reduce((sum, { message }) => sum + Number(message['rows']), 0),
    100,
  )
})

test('traces: an abandoned build, its open shards and a refused request end with their error', async (t) => {
  const builds = recorded(t, 'build')
  const shards = recorded(t, 'shard-write')
  const requests = recorded(t, 'store-request')
  const place = memoryPlace()
  const objects = faultyStore(place.objects, {
    strikes: ({ operation, url }) => operation === 'put' && url.endsWith('/run.yaml'),
  })
  function* failing(): Generator<readonly [number, string]> {
    for (let i = 0; i < 30_000; i++) yield [i, 'value']
    throw new Error('source failed')
  }
  const options = { ...place, objects, sharding: { shards: 1 }, values: 'utf8' } as const
  await assert.rejects(writeSnapshot(failing(), options))
  assert.deepEqual(
    builds.map(({ events, message }) => [events, (message.error as Error).message]),
    [[FAILED, 'source failed']],
  )
  assert.deepEqual(
    shards.map(({ events }) => events),
    [FAILED],
  )
  const refused = requests.filter(({ message }) => message.error !== undefined)
  assert.ok(refused.length > 0)
  for (const { events } of refused) assert.deepEqual(events, FAILED)
})

test('traces: subscribers of the end alone get the same operations', async (t) => {
  const place = memoryPlace()
  await publishRows(place, 'rows', 20)
  const ends: unknown[] = []
  const { asyncEnd } = tracingChannel('shardyfusion:get-many')
  const listener = (message: unknown): void => void ends.push(message)
  asyncEnd.subscribe(listener)
  t.after(() => asyncEnd.unsubscribe(listener))
  await using reader = await SnapshotReader.open(place)
  await reader.getMany([1])
  assert.equal(ends.length, 1)
})
