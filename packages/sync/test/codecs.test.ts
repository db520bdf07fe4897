import assert from 'node:assert/strict'
import { isMainThread, threadId } from 'node:worker_threads'
import { test } from 'node:test'
import type { ValueCodec } from '@shardyfusion/core'
import { SnapshotReaderSync, SnapshotWriterSync, writeSnapshotSync } from '@shardyfusion/sync'
import { msgpackValues } from '@shardyfusion/core/msgpack'
import * as v from 'valibot'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { throwsWith } from '@shardyfusion/test-support/throws'

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

test('a schema validates in the calling thread, and errors name the key', () => {
  const prefix = tempPrefix()
  const schema = v.object({ id: v.number(), name: v.pipe(v.string(), v.toUpperCase()) })
  const options = { prefix, values: 'json', schema } as const
  const rows = [{ id: 1, name: 'rope' }]
  writeSnapshotSync(rows, { ...options, sharding, key: 'id' })
  using reader = SnapshotReaderSync.open(options)
  for (let round = 0; round < 2; round++) assert.equal(reader.get(1)?.name, 'ROPE')
  throwsWith(
    'SHARD_INVALID_VALUE',
    /^record 0: SnapshotWriterSync\.put: the value of key 7 does not match the schema: name: /,
    () =>
      writeSnapshotSync([{ id: 7 } as (typeof rows)[number]], { ...options, sharding, key: 'id' }),
  )
  writeSnapshotSync([[3, { id: 3 }] as const], { prefix, sharding, values: 'json' })
  reader.refresh()
  for (let round = 0; round < 2; round++) {
    throwsWith('SHARD_INVALID_VALUE', /key 3 .*name/, () => reader.get(3))
    throwsWith('SHARD_INVALID_VALUE', /key 3 .*name/, () => reader.getMany([3]))
  }
  throwsWith('SHARD_INVALID_VALUE', /key 3 .*name/, () => [...reader.scanIter()])
})

test('the name of a codec is recorded and checked', () => {
  const prefix = tempPrefix()
  const values = msgpackValues<string>()
  writeSnapshotSync([[1, 'rope'] as const], { prefix, sharding, values })
  using reader = SnapshotReaderSync.open({ prefix, values })
  assert.deepEqual([reader.get(1), reader.info().valueCodec], ['rope', 'msgpack'])
  throwsWith('SHARD_INVALID_OPTION', /values is "json".*written as "msgpack"/, () =>
    SnapshotReaderSync.open({ prefix, values: 'json' }),
  )
  writeSnapshotSync([[1, 'rope'] as const], { prefix, sharding, values: 'utf8' })
  throwsWith('SHARD_INVALID_OPTION', /written as "utf8"/, () => reader.refresh())
  assert.equal(reader.get(1), 'rope')
})

test('what is no codec is refused', () => {
  const prefix = tempPrefix()
  for (const values of ['text', 7, { decode: () => 1 }]) {
    throwsWith('SHARD_INVALID_OPTION', /values/, () =>
      SnapshotWriterSync.open({ prefix, sharding, values: values as 'json' }),
    )
  }
})

test('results become JSON, with 64-bit integers as text', () => {
  const prefix = tempPrefix()
  const rows = [[2n ** 60n, 'a'] as const]
  const published = writeSnapshotSync(rows, { prefix, sharding: { shards: 1 }, values: 'utf8' })
  using reader = SnapshotReaderSync.open({ prefix })
  for (const result of [published, reader.shards(), reader.shardFor(1n)])
    assert.match(JSON.stringify(result), /"minKey":"1152921504606846976"/)
  assert.match(JSON.stringify(reader.info()), /"valueCodec":"utf8"/)
})
