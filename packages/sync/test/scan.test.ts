import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ShardReaderSync } from '@shardyfusion/sync'
import makeEngine, { type TestEngineCounts, type TestEngineOptions } from './support/test-engine.js'
import { thrownBy, throwsWith } from '@shardyfusion/test-support/throws'

function open(options: TestEngineOptions, bufferBytes?: number): ShardReaderSync {
  const url = 'memory://scan-test/shard'
  return ShardReaderSync.open({
    url,
    keyEncoding: 'utf8',
    engine: makeEngine(options),
    bufferBytes,
  })
}

function countsOf(reader: ShardReaderSync): TestEngineCounts {
  return JSON.parse(Buffer.from(reader.get('counts')!).toString()) as TestEngineCounts
}

test('a scan yields every row in order, in chunks of the size asked for', () => {
  using reader = open({ rows: 10_000 })
  let next = 0
  for (const [key, value] of reader.scanIter()) {
    assert.equal(reader.decodeKey(key), String(next++).padStart(8, '0'))
    assert.equal(value.length, 10)
  }
  assert.equal(next, 10_000)
  const sizes = [...reader.scanIter({}, { chunkSize: 4000 }).chunks()].map(({ count }) => count)
  assert.deepEqual(sizes, [4000, 4000, 2000])
})

test('nothing is read before the first next(), and one chunk for it', () => {
  using reader = open({ rows: 100_000 })
  const scan = reader.scanIter()
  assert.equal(countsOf(reader).chunksRead, 0)
  scan.next()
  assert.equal(countsOf(reader).chunksRead, 1)
  scan.return()
  assert.deepEqual(countsOf(reader), { chunksRead: 1, scansClosed: 1 })
})

test('the worker reads ahead, but no further than bufferBytes', () => {
  // A chunk takes some 18,000 bytes.
  using reader = open({ rows: 1_000_000 }, 100_000)
  const scan = reader.scanIter({}, { chunkSize: 1000 })
  for (let i = 0; i < 5; i++) scan.nextChunk()
  // Calls in between give the worker all the turns it needs.
  let read = 0
  for (let i = 0; i < 200; i++) read = countsOf(reader).chunksRead
  assert.ok(read > 5 && read <= 5 + 8, `${read} chunks read for 5 taken`)
  scan.return()
})

test('leaving a loop closes the scan: break, an error of the consumer, disposal', () => {
  using reader = open({ rows: 100_000 })
  for (const entry of reader.scanIter()) if (entry.length === 2) break
  assert.equal(countsOf(reader).scansClosed, 1)
  const reason = new Error('of the consumer')
  const consume = (): void => {
    for (const chunk of reader.scanIter().chunks()) if (chunk.count > 0) throw reason
  }
  assert.equal(thrownBy(consume), reason)
  assert.equal(countsOf(reader).scansClosed, 2)
  {
    using scan = reader.scanIter()
    scan.next()
  }
  assert.equal(countsOf(reader).scansClosed, 3)
})

test('an error in the middle comes after the rows before it, as what it was, and ends the scan', () => {
  using reader = open({ rows: 10_000, failAfter: 2500 })
  const scan = reader.scanIter({}, { chunkSize: 1000 })
  let seen = 0
  const error = throwsWith('SHARD_ENGINE', /cannot read on/, () => {
    for (const entry of scan) seen += entry.length / 2
  })
  assert.equal(seen, 2500)
  assert.equal(error.retryable, true)
  assert.deepEqual(error.details, { engine: 'test', at: 42n })
  assert.ok(error.cause instanceof RangeError)
  assert.deepEqual(scan.next(), { done: true, value: undefined })
  assert.equal(countsOf(reader).scansClosed, 1)
})

test('values larger than any buffer pass', () => {
  using reader = open({ rows: 5, valueBytes: 3_000_000 }, 1000)
  const sizes = [...reader.scanIter()].map(([, value]) => value.length)
  assert.deepEqual(
    sizes,
    Array.from({ length: 5 }, () => 3_000_000),
  )
})

test('a scan without rows ends at once', () => {
  using reader = open({ rows: 0 })
  assert.deepEqual([...reader.scanIter()], [])
  assert.deepEqual([...reader.scanIter({}, { limit: 0 })], [])
})

test('scans of one reader, and lookups, take turns', () => {
  using reader = open({ rows: 5000 })
  const scans = [0, 1, 2].map(() => reader.scanIter({}, { chunkSize: 100 }))
  for (let i = 0; i < 5000; i++) {
    for (const scan of scans) {
      const { value } = scan.next()
      assert.equal(Number(reader.decodeKey(value![0])), i)
    }
    if (i % 500 === 0) assert.ok(countsOf(reader).chunksRead > 0)
  }
  assert.ok(scans.every((scan) => scan.next().done))
})
