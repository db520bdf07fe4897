import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liveReaders } from '@shardyfusion/core/internal'
import {
  ShardReaderSync,
  ShardWriterSync,
  SnapshotReaderSync,
  writeSnapshotSync,
} from '@shardyfusion/sync'
import { heard } from '../../core/dist-test/support/heard.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'

test('stats: counts the lookups of the caller and the requests of the worker', (t) => {
  const prefix = tempPrefix()
  const opens = heard(t, 'open')
  const closes = heard(t, 'close')
  const lookups = heard(t, 'lookup')
  const rows = Array.from({ length: 20 }, (_, i) => [i, `value ${i}`] as const)
  writeSnapshotSync(rows, { prefix, sharding: { shards: 2 }, values: 'utf8' })
  const reader = SnapshotReaderSync.open({ prefix, values: 'utf8' })
  const mine = (): unknown[] => liveReaders().filter((live) => live.prefix === prefix)
  assert.equal(mine().length, 1)
  assert.equal(reader.get(1), 'value 1')
  assert.equal(reader.get(1), 'value 1')
  assert.equal(reader.get(99), undefined)
  reader.getMany([1, 2, 98])
  assert.throws(() => reader.get(-1))
  reader.refresh()
  const stats = reader.stats()
  assert.deepEqual(stats.lookups, { gets: 4, getManys: 1, keys: 7, hits: 4, misses: 2 })
  assert.equal(stats.reader, 'SnapshotReaderSync')
  assert.equal(stats.prefix, prefix)
  assert.deepEqual(stats.errors, { SHARD_INVALID_KEY: 1 })
  assert.equal(stats.refreshes.unchanged, 1)
  assert.ok(stats.store.requests > 0 && stats.store.bytesRead > 0)
  assert.ok(stats.valueCache!.hits >= 2)
  reader.close()
  reader.close()
  assert.equal(mine().length, 0)
  assert.equal(reader.stats().lookups.gets, 4, 'the counts survive close()')
  assert.deepEqual(
    opens.map((event) => [event.reader, event.prefix, event.runId]),
    [['SnapshotReaderSync', prefix, stats.snapshot.runId]],
  )
  assert.deepEqual(
    closes.map((event) => [event.reader, event.stats.lookups.gets]),
    [['SnapshotReaderSync', 4]],
  )
  // The first lookups are all timed: the second was in memory, that of the missing key waited.
  assert.deepEqual(
    lookups.map(({ method, fromMemory, found }) => [method, fromMemory, found]),
    [
      ['get', false, 1],
      ['get', true, 1],
      ['get', false, 0],
      ['getMany', false, 2],
    ],
  )
})

test('stats of a ShardReaderSync: the same counts, without a snapshot', (t) => {
  const url = tempPrefix()
  const opens = heard(t, 'open')
  const closes = heard(t, 'close')
  const writer = ShardWriterSync.open({ url })
  for (let i = 0; i < 20; i++) writer.put(i, Buffer.from(`value ${i}`))
  writer.seal()
  writer.close()
  const reader = ShardReaderSync.open({ url })
  const mine = (): unknown[] => liveReaders().filter((live) => live.prefix === url)
  assert.equal(mine().length, 1)
  assert.ok(reader.get(1) !== undefined)
  assert.equal(reader.get(99), undefined)
  reader.getMany([1, 2, 98])
  assert.throws(() => reader.get(-1))
  assert.equal([...reader.scanIter()].length, 20)
  const stats = reader.stats()
  assert.deepEqual(stats.lookups, { gets: 3, getManys: 1, keys: 6, hits: 3, misses: 2 })
  assert.deepEqual([stats.reader, stats.prefix], ['ShardReaderSync', url])
  assert.deepEqual(stats.errors, { SHARD_INVALID_KEY: 1 })
  assert.deepEqual([stats.scans.started, stats.scans.entries], [1, 20])
  assert.deepEqual(stats.shards, { total: 1, open: 1, opened: 1, failed: 0 })
  assert.ok(stats.store.requests > 0 && stats.store.bytesRead > 0)
  reader.close()
  reader.close()
  assert.equal(mine().length, 0)
  assert.equal(reader.stats().lookups.gets, 3, 'the counts survive close()')
  assert.deepEqual(
    [...opens, ...closes].map((event) => [event.reader, event.prefix, event.runId]),
    [
      ['ShardReaderSync', url, undefined],
      ['ShardReaderSync', url, undefined],
    ],
  )
})
