import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SnapshotReader, updateSnapshot, writeSnapshot } from '@shardyfusion/core'
import { memoryPlace } from '../support/memory-place.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

type Row = readonly [key: number, value: string]
const options = { sharding: { shards: 2 }, values: 'utf8' } as const

/** Records whose rows may be read in batches alone. */
function batched<T>(batches: readonly (readonly T[])[]) {
  const seen = { closed: 0 }
  return {
    seen,
    async *batches() {
      try {
        yield* batches
      } finally {
        seen.closed++
      }
    },
    [Symbol.asyncIterator](): AsyncIterator<T> {
      throw new Error('row by row')
    },
  }
}

test('records with batches are read by them, also by updates', async () => {
  const place = memoryPlace()
  const rows = batched<Row>([
    [
      [1, 'a'],
      [2, 'b'],
    ],
    [],
    [[3, 'c']],
  ])
  assert.equal((await writeSnapshot(rows, { ...place, ...options })).rowCount, 3)
  await updateSnapshot(batched<Row>([[[2, 'B']]]), { ...place, values: 'utf8' })
  await using reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  assert.deepEqual(await reader.getMany([1, 2, 3]), ['a', 'B', 'c'])
  assert.equal(rows.seen.closed, 1)
})

test('a bad record is named by its number over all batches, and the source is closed', async () => {
  const rows = batched<Row>([
    [[1, 'a']],
    [
      [2, 'b'],
      [3, 7 as never],
    ],
  ])
  await rejectsWith('SHARD_INVALID_VALUE', /^record 2: /, () =>
    writeSnapshot(rows, { ...memoryPlace(), ...options }),
  )
  assert.equal(rows.seen.closed, 1)
})

test('an abort ends the wait for the next batch', async () => {
  const controller = new AbortController()
  const rows = {
    async *batches() {
      yield [[1, 'a']]
      queueMicrotask(() => controller.abort(new Error('enough')))
      await new Promise(() => {})
    },
    [Symbol.asyncIterator](): AsyncIterator<readonly [number, string]> {
      throw new Error('row by row')
    },
  }
  await assert.rejects(
    writeSnapshot(rows, { ...memoryPlace(), ...options, signal: controller.signal }),
    /enough/,
  )
})
