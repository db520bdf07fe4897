import assert from 'node:assert/strict'
import { test } from 'node:test'
import { threadId } from 'node:worker_threads'
import { slatedb, SnapshotReader, type ValueCodec, writeSnapshot } from '@shardyfusion/core'
import { packEntries } from '@shardyfusion/core/extend'
import {
  formatSnapshotPlan,
  parseSnapshotPlan,
  planSnapshot,
  publishSnapshot,
  writeShardAttempt,
} from '@shardyfusion/core/tasks'
import { encodeKey } from '#dist/keys/stored-bytes.js'
import { memoryPlace } from '../support/memory-place.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'

const threads = new Set<number>()
const dates: ValueCodec<Date> = {
  name: 'date',
  encode(date) {
    threads.add(threadId)
    return new TextEncoder().encode(date.toISOString())
  },
  decode: (bytes) => new Date(new TextDecoder().decode(bytes)),
}

test('workers: a codec encodes in the calling thread, and its name is recorded', async () => {
  const prefix = tempPrefix()
  const rows = Array.from({ length: 500 }, (_, i) => [i, new Date(i)] as const)
  const engine = slatedb()
  await writeSnapshot(rows, { prefix, engine, sharding: { shards: 3 }, workers: 2, values: dates })
  assert.deepEqual([...threads], [threadId])
  await using reader = await SnapshotReader.open({ prefix, values: dates })
  assert.deepEqual(await reader.get(499), new Date(499))
  assert.equal(reader.info().valueCodec, 'date')
})

test('tasks: rows are bytes already, and the plan carries the name of the codec', async () => {
  const { prefix, engine } = memoryPlace()
  const place = { prefix: prefix.replace('place', 'codec-tasks'), engine }
  const made = await planSnapshot({ ...place, sharding: { shards: 1 }, values: dates })
  const plan = parseSnapshotPlan(formatSnapshotPlan(made))
  const rows = packEntries([[encodeKey(7, 'u64be', 'test'), dates.encode(new Date(7))]])
  const result = await writeShardAttempt(plan, 0, [rows], { engine })
  await publishSnapshot(plan, [result], { engine })
  await using reader = await SnapshotReader.open({ ...place, values: dates })
  assert.deepEqual(await reader.get(7), new Date(7))
  await rejectsWith('SHARD_INVALID_OPTION', /written as "date"/, () =>
    SnapshotReader.open({ ...place, values: 'json' }),
  )
})
