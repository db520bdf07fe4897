import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { type EntryChunk, packEntries } from '@shardyfusion/core/extend'
import { ScanIterator } from '#dist/read/scan/scan-iterator.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

interface Setup {
  readonly chunkSize?: number
  readonly limit?: number
  readonly signal?: AbortSignal
  readonly decode?: (chunk: EntryChunk, i: number) => number
  /** Before each chunk. */
  readonly wait?: () => Promise<void>
}

/** A scan over the numbers 0 to 99, one byte each. */
function scanOf(o: Setup = {}) {
  let at = 0
  let closed = 0
  const source = {
    nextChunk: async (max: number): Promise<EntryChunk | undefined> => {
      await o.wait?.()
      if (at >= 100) return undefined
      const keys = Array.from({ length: Math.min(max, 100 - at) }, () => Uint8Array.of(at++))
      return packEntries(keys.map((key) => [key, key] as const))
    },
    close: async () => {
      closed++
    },
  }
  const scan = new ScanIterator<number>(source, {
    where: 'Test.scanIter',
    chunkSize: o.chunkSize ?? 10,
    limit: o.limit,
    signal: o.signal,
    decode: o.decode ?? ((chunk, i) => chunk.value(i)[0]!),
  })
  return { scan, closed: () => closed }
}

test('an abort is told, also when the limit is reached and entries are still buffered', async () => {
  const stop = new AbortController()
  const reason = new Error('enough')
  const { scan, closed } = scanOf({ limit: 5, signal: stop.signal })
  assert.deepEqual(await scan.next(), { done: false, value: 0 })
  stop.abort(reason)
  await assert.rejects(() => scan.next(), reason)
  assert.equal(closed(), 1)
  assert.deepEqual(await scan.next(), { done: true, value: undefined })
})

test('an abort is told to nextChunk, also when the rest of a chunk is buffered', async () => {
  const stop = new AbortController()
  const reason = new Error('enough')
  const { scan } = scanOf({ signal: stop.signal })
  await scan.next()
  stop.abort(reason)
  await assert.rejects(() => scan.nextChunk(), reason)
})

test('a value that cannot be decoded rejects, never throws at once, and releases the scan', async () => {
  for (const bad of [0, 3]) {
    const { scan, closed } = scanOf({
      decode: (chunk, i) => {
        const value = chunk.value(i)[0]!
        if (value === bad) throw new RangeError(`bad ${value}`)
        return value
      },
    })
    for (let i = 0; i < bad; i++) await scan.next()
    const failing = scan.next()
    await assert.rejects(failing, /bad/)
    assert.equal(closed(), 1)
    assert.deepEqual(await scan.next(), { done: true, value: undefined })
  }
})

test('nothing comes after return(), not even from a chunk that was on its way', async () => {
  const { scan, closed } = scanOf({ wait: turn })
  const onItsWay = scan.next()
  await scan.return()
  assert.deepEqual(await onItsWay, { done: true, value: undefined })
  assert.deepEqual(await scan.next(), { done: true, value: undefined })
  assert.equal(await scan.nextChunk(), undefined)
  assert.equal(closed(), 1)
})

test('overlapping calls are refused, and the one under way is not disturbed', async () => {
  const { scan } = scanOf({ wait: turn })
  const first = scan.next()
  await rejectsWith('SHARD_BUSY', /Test\.scanIter: wait for the previous next/, () => scan.next())
  await rejectsWith('SHARD_BUSY', /wait for the previous/, () => scan.nextChunk())
  assert.deepEqual(await first, { done: false, value: 0 })
  assert.deepEqual(await scan.next(), { done: false, value: 1 })
})

test('a source that fails is closed, and the scan has ended', async () => {
  let fails = false
  const { scan, closed } = scanOf({
    wait: async () => {
      if (fails) throw new Error('disk')
    },
  })
  for (let i = 0; i < 10; i++) await scan.next()
  fails = true
  await assert.rejects(() => scan.next(), /disk/)
  assert.equal(closed(), 1)
  assert.deepEqual(await scan.next(), { done: true, value: undefined })
})

test('limits cut chunks and entries alike', async () => {
  const { scan } = scanOf({ limit: 25 })
  const counts: number[] = []
  for await (const chunk of scan.chunks()) counts.push(chunk.count)
  assert.deepEqual(counts, [10, 10, 5])
})
