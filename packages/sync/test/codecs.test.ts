import assert from 'node:assert/strict'
import { isMainThread, threadId } from 'node:worker_threads'
import { test } from 'node:test'
import type { ValueCodec } from '@shardyfusion/core'
import { SnapshotReaderSync, SnapshotWriterSync, writeSnapshotSync } from '@shardyfusion/sync'
import { tempPrefix } from '../../core/dist-test/support/temp-prefix.js'
import { throwsWith } from './support/throws.js'

const sharding = { shards: 2 }

test('a codec runs in the calling thread: only bytes cross to the worker', () => {
  const prefix = tempPrefix()
  const threads = new Set<number>()
  const dates: ValueCodec<Date> = {
    encode(date) {
      threads.add(threadId)
      return new TextEncoder().encode(date.toISOString())
    },
    decode(bytes) {
      threads.add(threadId)
      return new Date(new TextDecoder().decode(bytes))
    },
  }
  using writer = SnapshotWriterSync.open({ prefix, sharding, values: dates })
  writer.put(1, new Date(0))
  writer.publish()
  for (const valueCacheBytes of [0, 100_000]) {
    using reader = SnapshotReaderSync.open({ prefix, values: dates, valueCacheBytes })
    for (let round = 0; round < 2; round++) {
      assert.deepEqual(reader.get(1), new Date(0))
      assert.deepEqual(reader.getMany([1, 2]), [new Date(0), undefined])
    }
    for (const [, date] of reader.scanIter()) assert.deepEqual(date, new Date(0))
  }
  assert.deepEqual([...threads], [threadId])
  assert.ok(isMainThread)
  throwsWith('SHARD_INVALID_VALUE', /record 0: .*codec/, () =>
    writeSnapshotSync([[1, 'x' as unknown as Date] as const], { prefix, sharding, values: dates }),
  )
})

test('what is no codec is refused', () => {
  const prefix = tempPrefix()
  for (const values of ['text', 7, { decode: () => 1 }]) {
    throwsWith('SHARD_INVALID_OPTION', /values/, () =>
      SnapshotWriterSync.open({ prefix, sharding, values: values as 'json' }),
    )
  }
})
