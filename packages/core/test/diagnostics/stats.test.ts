import assert from 'node:assert/strict'
import { channel, tracingChannel } from 'node:diagnostics_channel'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  type DiagnosticsEvents,
  type ReaderStats,
  ShardReader,
  ShardWriter,
  SnapshotReader,
  writeSnapshot,
} from '@shardyfusion/core'
import { liveReaders } from '@shardyfusion/core/internal'
import { faultyStore } from '@shardyfusion/core/testing'
import { heard } from '../support/heard.js'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'

test('stats: counts lookups, hits and misses, keys, scans, requests, shards and refreshes', async () => {
  const place = memoryPlace()
  const first = await publishRows(place, 'first', 20)
  const reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  assert.equal(await reader.get(1), await reader.get(1))
  assert.equal(await reader.get(99), undefined)
  await reader.getMany([1, 2, 98])
  let entries = 0
  for await (const _ of reader.scanIter()) entries++
  await reader.refresh()
  const second = await publishRows(place, 'second', 30)
  await reader.refresh()
  const { lookups, scans, refreshes, snapshot, shards, store, valueCache, errors } = reader.stats()
  assert.deepEqual(lookups, { gets: 3, getManys: 1, keys: 6, hits: 4, misses: 2 })
  assert.equal(scans.started, 1)
  assert.equal(scans.entries, entries)
  assert.ok(scans.bytes > entries)
  assert.deepEqual(refreshes, { moved: 1, unchanged: 1, malformed: 0, failed: 0 })
  assert.notEqual(first.runId, second.runId)
  assert.equal(snapshot.runId, second.runId)
  assert.equal(snapshot.rowCount, 30)
  assert.ok(shards.opened >= 1 && shards.open <= shards.total, JSON.stringify(shards))
  assert.ok(store.requests > 0 && store.bytesRead > 0 && store.failed === 0, JSON.stringify(store))
  assert.ok(valueCache!.hits >= 1 && valueCache!.misses >= 1, JSON.stringify(valueCache))
  assert.deepEqual(errors, {})
  await reader.close()
  assert.equal(reader.stats().lookups.gets, 3, 'the counts survive close()')
  assert.equal(typeof JSON.stringify(reader.stats()), 'string')
})

test('stats: failed calls are counted by code, and failed requests apart from them', async () => {
  const place = memoryPlace()
  await publishRows(place, 'rows', 20)
  let fails = false
  const objects = faultyStore(place.objects, {
    strikes: ({ operation, url }) => fails && operation === 'get' && url.endsWith('_CURRENT'),
  })
  await using reader = await SnapshotReader.open({ ...place, objects })
  await assert.rejects(reader.get(-1))
  await assert.rejects(reader.getMany([-1]))
  await assert.rejects(reader.get(1, { signal: AbortSignal.abort() }))
  fails = true
  await assert.rejects(reader.refresh())
  const { errors, refreshes, store } = reader.stats()
  assert.deepEqual(errors, { SHARD_INVALID_KEY: 2, ABORTED: 1 })
  assert.equal(refreshes.failed, 1)
  assert.equal(store.failed, 1)
})

test('stats: a cache of local files reports its hits and misses', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stats-'))
  try {
    const prefix = 'memory://stats-cache'
    await writeSnapshot([[1, 'one']], { prefix, sharding: { shards: 1 }, values: 'utf8' })
    await using reader = await SnapshotReader.open({ prefix, cache: { folder } })
    await reader.get(1)
    assert.ok(reader.stats().cache!.misses > 0)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('liveReaders: has a reader from its opening to its close', async () => {
  const place = memoryPlace()
  await publishRows(place, 'rows', 5)
  const mine = (): unknown[] => liveReaders().filter(({ prefix }) => prefix === place.prefix)
  assert.equal(mine().length, 0)
  const reader = await SnapshotReader.open(place)
  assert.equal(mine().length, 1)
  const closed: DiagnosticsEvents['close'][] = []
  const listener = (event: unknown): void => void closed.push(event as DiagnosticsEvents['close'])
  channel('shardyfusion:close').subscribe(listener)
  await reader.get(1)
  await reader.close()
  await reader.close()
  channel('shardyfusion:close').unsubscribe(listener)
  assert.equal(mine().length, 0)
  assert.deepEqual(
    closed.map(({ stats, reader: name }) => [stats.lookups.gets, name]),
    [[1, 'SnapshotReader']],
  )
})

test('lookup: gets that wait are all timed, gets in memory by a sample whose weights add up', async (t) => {
  const place = memoryPlace()
  await publishRows(place, 'rows', 20)
  await using reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  // Before there is a subscriber: not part of any weight.
  for (let i = 0; i < 1000; i++) await reader.get(i % 10)
  const events: DiagnosticsEvents['lookup'][] = []
  const listener = (event: unknown): void => void events.push(event as DiagnosticsEvents['lookup'])
  channel('shardyfusion:lookup').subscribe(listener)
  t.after(() => channel('shardyfusion:lookup').unsubscribe(listener))
  const gets = 20_000
  for (let i = 0; i < gets; i++) await reader.get(i % 10)
  const waited = events.filter(({ fromMemory }) => !fromMemory)
  const sampled = events.filter(({ fromMemory }) => fromMemory)
  const weight = events.reduce((sum, event) => sum + event.weight, 0)
  // The last sample is at most 127 lookups old, and so is the last one before.
  assert.ok(Math.abs(weight - gets) <= 254, `${weight} of ${gets}`)
  assert.ok(sampled.length > gets / 128 && sampled.length < gets / 32, `${sampled.length} samples`)
  assert.ok(waited.every((event) => event.weight === 1))
  assert.ok(events.every(({ durationMs }) => durationMs >= 0))
})

test('stats: reads without a wait are counted and timed, and become requests for spans', async (t) => {
  const prefix = tempPrefix()
  const rows = Array.from({ length: 5000 }, (_, i) => [i, `value ${i}`] as const)
  await writeSnapshot(rows, { prefix, sharding: { shards: 1 }, values: 'utf8' })
  const ends: Record<string, unknown>[] = []
  const { asyncEnd, start } = tracingChannel('shardyfusion:store-request')
  const listener = (message: unknown): void => void ends.push(message as Record<string, unknown>)
  asyncEnd.subscribe(listener)
  t.after(() => asyncEnd.unsubscribe(listener))
  const read = async (): Promise<ReaderStats['store']> => {
    await using reader = await SnapshotReader.open({ prefix, valueCacheBytes: 0 })
    for (let i = 0; i < 5000; i += 7) await reader.get(i)
    return reader.stats().store
  }
  for (const hasSpans of [false, true]) {
    const ignore = (): void => {}
    if (hasSpans) start.subscribe(ignore)
    ends.length = 0
    const { requests, bytesRead } = await read()
    start.unsubscribe(ignore)
    assert.equal(ends.length, requests)
    const bytes = ends.reduce((sum, { bytes: some }) => sum + Number(some ?? 0), 0)
    assert.equal(bytes, bytesRead)
    for (const { durationMs } of ends) assert.ok(Number(durationMs) >= 0)
  }
})

test('stats of a ShardReader: the same counts, without a snapshot', async (t) => {
  const url = tempPrefix()
  const rows: [number, string][] = Array.from({ length: 20 }, (_, i) => [i, `value ${i}`])
  const writer = await ShardWriter.open({ url })
  for (const [key, value] of rows) await writer.put(key, Buffer.from(value))
  await writer.seal()
  await writer.close()
  const opens = heard(t, 'open')
  const closes = heard(t, 'close')
  const lookups = heard(t, 'lookup')
  const mine = (): unknown[] => liveReaders().filter(({ prefix }) => prefix === url)
  const reader = await ShardReader.open({ url })
  assert.equal(mine().length, 1)
  assert.ok((await reader.get(1)) !== undefined)
  assert.ok((await reader.get(1)) !== undefined)
  assert.equal(await reader.get(99), undefined)
  await reader.getMany([1, 2, 98])
  await assert.rejects(reader.get(-1))
  await assert.rejects(reader.getMany([1], { signal: AbortSignal.abort() }))
  let entries = 0
  for await (const _ of reader.scanIter()) entries++
  const { uptimeMs, store, scans, shards, ...rest } = reader.stats()
  assert.deepEqual(rest, {
    reader: 'ShardReader',
    prefix: url,
    lookups: { gets: 4, getManys: 1, keys: 7, hits: 4, misses: 2 },
    searches: { calls: 0, queries: 0, results: 0 },
    refreshes: { moved: 0, unchanged: 0, malformed: 0, failed: 0 },
    errors: { SHARD_INVALID_KEY: 1, ABORTED: 1 },
  })
  assert.ok(uptimeMs >= 0)
  assert.ok(store.requests > 0 && store.bytesRead > 0 && store.failed === 0, JSON.stringify(store))
  assert.equal(entries, 20)
  assert.equal(scans.started, 1)
  assert.equal(scans.entries, 20)
  assert.deepEqual(shards, { total: 1, open: 1, opened: 1, failed: 0 })
  await reader.close()
  await reader.close()
  assert.equal(mine().length, 0)
  assert.equal(reader.stats().lookups.gets, 4, 'the counts survive close()')
  assert.deepEqual(
    opens.map(({ reader: name, prefix, runId }) => [name, prefix, runId]),
    [['ShardReader', url, undefined]],
  )
  assert.deepEqual(
    closes.map(({ reader: name, stats }) => [name, stats.lookups.gets]),
    [['ShardReader', 4]],
  )
  assert.deepEqual(
    lookups.map(({ method, found }) => [method, found]),
    [
      ['get', 1],
      ['get', 1],
      ['get', 0],
      ['getMany', 2],
    ],
  )
})
