import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ShardWriter, SnapshotReader, SnapshotWriter } from '@shardyfusion/core'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

// Waits are checked from below: a limiter may be late, never early. Some milliseconds are left to the timers.
const EARLY_MS = 20

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

test('writers: rows and bytes a second hold over all shards, also when one batch exceeds them', async () => {
  const place = memoryPlace()
  const rows = await timed(() =>
    publishRows(place, 'x', 150, { maxBatchEntries: 1000, rateLimit: { rowsPerSecond: 100 } }),
  )
  assert.ok(rows >= 500 - EARLY_MS, `${rows} ms for 50 rows more than the first second has`)
  // Keys have 8 bytes, the values here 4: 1,200 bytes in batches larger than the rate.
  const bytes = await timed(() =>
    publishRows(place, 'yy', 10, { rateLimit: { bytesPerSecond: 100 } }),
  )
  assert.ok(bytes >= 200 - EARLY_MS, `${bytes} ms for 20 bytes more than the first second has`)
})

test('a single shard is limited too', async () => {
  const { objects, engine, prefix } = memoryPlace()
  const writer = await ShardWriter.open({
    url: `${prefix}/shard`,
    objects,
    engine,
    rateLimit: { rowsPerSecond: 100 },
  })
  const ms = await timed(async () => {
    for (let i = 0; i < 120; i++) await writer.put(i, Uint8Array.of(1))
    await writer.seal()
  })
  assert.ok(ms >= 200 - EARLY_MS, `${ms} ms`)
})

test('an aborted signal ends the wait of a limited writer', async () => {
  const stop = new AbortController()
  const writer = await SnapshotWriter.open({
    ...memoryPlace(),
    sharding: { shards: 2 },
    rateLimit: { rowsPerSecond: 0.001 },
    signal: stop.signal,
  })
  for (let i = 0; i < 20; i++) await writer.put(i, Uint8Array.of(1))
  const publishing = assert.rejects(() => writer.publish(), /enough/)
  setImmediate(() => stop.abort(new Error('enough')))
  await publishing
  await writer.close()
})

test('readers: keys a second hold for get and getMany; calls that are refused cost nothing', async () => {
  const place = memoryPlace()
  await publishRows(place, 'x', 20)
  const reader = await SnapshotReader.open({
    ...place,
    values: 'utf8',
    rateLimit: { keysPerSecond: 50 },
  })
  await rejectsWith('SHARD_INVALID_OPTION', /unknown option "contxt"/, () =>
    reader.get(1, { contxt: {} } as never),
  )
  await assert.rejects(() => reader.getMany(undefined as never), { code: 'SHARD_INVALID_KEY' })
  const keys = Array.from({ length: 60 }, (_, i) => i)
  const ms = await timed(async () => {
    assert.deepEqual((await reader.getMany(keys)).slice(19, 21), ['x 19', undefined])
    assert.equal(await reader.get(3), 'x 3')
  })
  assert.ok(ms >= 220 - EARLY_MS, `${ms} ms for 11 keys more than the first second has`)
  const stop = new AbortController()
  setImmediate(() => stop.abort(new Error('enough')))
  await assert.rejects(
    () => reader.getMany(Array(10_000).fill(1), { signal: stop.signal }),
    /enough/,
  )
  await reader.close()
})

test('a reader that is closed while callers wait for the limit refuses them', async () => {
  const place = memoryPlace()
  await publishRows(place, 'x', 20)
  const reader = await SnapshotReader.open({ ...place, rateLimit: { keysPerSecond: 10 } })
  await reader.getMany([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  const late = rejectsWith('SHARD_CLOSED', /closed/, () => reader.get(1))
  await reader.close()
  await late
})
