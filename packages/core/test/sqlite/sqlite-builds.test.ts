import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  MemoryStore,
  memoryStore,
  SnapshotReader,
  SnapshotWriter,
  sqlite,
  writeSnapshot,
} from '@shardyfusion/core'
import { packEntries } from '@shardyfusion/core/extend'
import {
  cleanupSnapshots,
  listSnapshots,
  rollbackSnapshot,
  verifySnapshot,
} from '@shardyfusion/core/maintain'
import { planSnapshot, publishSnapshot, writeShardAttempt } from '@shardyfusion/core/tasks'
import { interceptStore } from '@shardyfusion/core/testing'
import { encodeKey } from '#dist/keys/stored-bytes.js'
import { HashRouter } from '#dist/routing/hash-router.js'
import { withS3Server } from '../support/s3-server.js'

const SHARDS = 4
const ROWS = 2000
const rows = Array.from({ length: ROWS }, (_, i): [number, string] => [(i * 37) % ROWS, `row ${i}`])
const engine = sqlite({ pageSize: 1024 })
const options = { sharding: { shards: SHARDS }, values: 'utf8', engine } as const

let places = 0
const newPrefix = (): string => `memory://sqlite-builds/${places++}`

async function assertComplete(prefix: string, objects: MemoryStore): Promise<void> {
  await using reader = await SnapshotReader.open({ prefix, objects, values: 'utf8' })
  assert.equal(reader.info().shardFormat, 'sqlite')
  for (const [key, value] of rows.slice(0, 40)) assert.equal(await reader.get(key), value)
  let count = 0
  for await (const _ of reader.scanIter()) count++
  assert.equal(count, ROWS)
  const report = await verifySnapshot({ prefix, objects })
  assert.ok(report.ok, JSON.stringify(report.findings))
}

test('an upload that fails is retried in another attempt, and the failed one leaves nothing', async () => {
  const base = new MemoryStore()
  let failures = 3
  const objects = interceptStore(base, {
    before({ operation, url }) {
      if (operation !== 'complete' || !url.endsWith('/shard.db') || failures === 0) return
      failures--
      throw Object.assign(new Error('the network is gone'), { code: 'ECONNRESET' })
    },
  })
  const prefix = newPrefix()
  const retry = { maxRetries: 5, initialBackoffMs: 1 }
  await writeSnapshot(rows, { ...options, prefix, objects, retry })
  assert.equal(failures, 0)
  await assertComplete(prefix, base)
})

test('a build that stopped is resumed: sealed shards are not written again', async () => {
  const base = new MemoryStore()
  const prefix = newPrefix()
  let completed = 0
  const failing = interceptStore(base, {
    before({ operation, url }) {
      if (operation !== 'complete' || !url.endsWith('/shard.db')) return
      if (completed === 2) throw new Error('the power is gone')
      completed++
    },
  })
  const run = { ...options, prefix, runId: 'nightly', concurrency: 1 }
  const writer = await SnapshotWriter.open({ ...run, objects: failing })
  for (const [key, value] of rows) await writer.put(key, value)
  await assert.rejects(writer.publish(), /the power is gone/)
  // Not closed, as if its process had died.
  let written = 0
  const counted = interceptStore(base, {
    before: ({ operation, url }) => {
      if (operation === 'complete' && url.endsWith('/shard.db')) written++
    },
  })
  const { shardsResumed } = await writeSnapshot(rows, { ...run, objects: counted, resume: true })
  assert.deepEqual([shardsResumed, written], [completed, SHARDS - completed])
  await assertComplete(prefix, base)
})

test('tasks of a cluster write SQLite shards, from the plan alone', async () => {
  const prefix = newPrefix()
  const objects = memoryStore('sqlite-builds')
  const plan = await planSnapshot({ prefix, ...options })
  assert.deepEqual(plan.engine, {
    module: '@shardyfusion/core',
    export: 'sqlite',
    options: { pageSize: 1024 },
  })
  const router = new HashRouter({ strategy: 'hash', hashAlgorithm: 'xxh3_64' }, SHARDS)
  const results = []
  for (let shard = 0; shard < SHARDS; shard++) {
    const own = rows.filter(([key]) => router.route(key) === shard)
    const chunk = packEntries(
      own.map(([key, value]) => [encodeKey(key, 'u64be', 'test'), Buffer.from(value)]),
    )
    results.push(await writeShardAttempt(plan, shard, [chunk]))
  }
  await publishSnapshot(plan, results)
  await assertComplete(prefix, objects)
})

test('history, rollback and cleanup treat SQLite snapshots as any other', async () => {
  const objects = new MemoryStore()
  const prefix = newPrefix()
  const first = await writeSnapshot(rows, { ...options, prefix, objects })
  await writeSnapshot(rows.slice(0, 10), { ...options, prefix, objects })
  await using reader = await SnapshotReader.open({ prefix, objects, values: 'utf8' })
  assert.equal(await reader.get(rows[500]![0]), undefined)
  await rollbackSnapshot({ prefix, objects, runId: first.runId })
  assert.equal(await reader.refresh(), true)
  assert.equal(await reader.get(rows[500]![0]), rows[500]![1])
  assert.equal((await listSnapshots({ prefix, objects })).length, 2)
  await cleanupSnapshots({ prefix, objects, keepLast: 1 })
  await assertComplete(prefix, objects)
})

await withS3Server('SQLite shards of several parts', ({ bucket, s3 }) => {
  test('a file of several parts is uploaded to S3, and read by range', async () => {
    const prefix = `s3://${bucket}/parts`
    const large = Array.from({ length: 20 }, (_, i): [number, Uint8Array] => [
      i,
      new Uint8Array(1024 * 1024).fill(i),
    ])
    await writeSnapshot(large, { prefix, s3, sharding: { shards: 1 }, engine: sqlite() })
    await using reader = await SnapshotReader.open({ prefix, s3 })
    assert.ok(reader.shards()[0]!.bytes > 20 * 1024 * 1024)
    for (const i of [0, 7, 19]) assert.deepEqual(await reader.get(i), large[i]![1])
    const report = await verifySnapshot({ prefix, s3 })
    assert.ok(report.ok, JSON.stringify(report.findings))
  })
})
