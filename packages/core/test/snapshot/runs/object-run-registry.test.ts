import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore } from '@shardyfusion/core'
import { ObjectRunRegistry } from '#dist/snapshot/runs/object-run-registry.js'
import { isLive } from '#dist/snapshot/runs/run-record.js'
import { parseTimestamp } from '#dist/text/timestamps.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { runRecord } from './support/records.js'

const PREFIX = 'memory://runs/pre'

function setUp(): { objects: MemoryStore; registry: ObjectRunRegistry } {
  const objects = new MemoryStore()
  return { objects, registry: new ObjectRunRegistry(objects, PREFIX) }
}

test('create, update, load and list agree, newest first', async () => {
  const { objects, registry } = setUp()
  assert.deepEqual(await registry.list(), [])
  const first = await registry.create(runRecord({ runId: 'a_b' }))
  const second = await registry.create(runRecord({ runId: 'a_b' }))
  assert.match(
    first,
    /^memory:\/\/runs\/pre\/runs\/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z_run_id=a_b_[0-9a-f]{32}\/run\.yaml$/,
  )
  const done = runRecord({ runId: 'a_b', status: 'succeeded', manifestRef: 'memory://m' })
  await registry.update(first, done)
  assert.deepEqual(await registry.load(first), done)
  const listed = await registry.list()
  assert.deepEqual(
    listed.map(({ ref, runId }) => [ref, runId]),
    [
      [second, 'a_b'],
      [first, 'a_b'],
    ],
  )
  assert.equal(parseTimestamp(listed[0]!.createdAt), listed[0]!.createdMicros)
  await registry.delete(first)
  await registry.delete(first)
  assert.equal(await objects.head(first), undefined)
  assert.equal((await registry.list()).length, 1)
})

test('names no writer makes are passed over', async () => {
  const { objects, registry } = setUp()
  const token = '0'.repeat(32)
  for (const dir of [
    `2026-13-02T03:04:05.000006Z_run_id=a_${token}`,
    `2026-01-02T03:04:05.006Z_run_id=a_${token}`,
    '2026-01-02T03:04:05.000006Z_run_id=a',
    'notes',
  ]) {
    await objects.put(`${PREFIX}/runs/${dir}/run.yaml`, new Uint8Array(1))
  }
  assert.deepEqual(await registry.list(), [])
})

test('a record that is gone, or lies elsewhere, is an error that says so', async () => {
  const { objects, registry } = setUp()
  const ref = await registry.create(runRecord())
  await objects.delete(ref)
  await rejectsWith('SHARD_NOT_FOUND', /the run record .* does not exist/, () => registry.load(ref))
  for (const foreign of ['memory://runs/other/run.yaml', `${PREFIX}/runs/../_CURRENT`]) {
    await rejectsWith('SHARD_INVALID_OPTION', /must be below/, () => registry.load(foreign))
    await rejectsWith('SHARD_INVALID_OPTION', /must be below/, () =>
      registry.update(foreign, runRecord()),
    )
  }
  await rejectsWith('SHARD_INVALID_OPTION', /runId: must be one path segment/, () =>
    registry.create(runRecord({ runId: 'a/b' })),
  )
  assert.throws(() => new ObjectRunRegistry(objects, PREFIX, { registryPrefix: '../x' }), {
    code: 'SHARD_INVALID_OPTION',
  })
})

test('another registry prefix keeps records elsewhere', async () => {
  const { objects, registry } = setUp()
  const builds = new ObjectRunRegistry(objects, PREFIX, { registryPrefix: 'builds' })
  assert.match(await builds.create(runRecord()), /\/pre\/builds\//)
  assert.equal((await builds.list()).length, 1)
  assert.equal((await registry.list()).length, 0)
})

test('isLive: a running run until its lease ends, and no other', () => {
  const at = (text: string): bigint => parseTimestamp(text)
  assert.equal(isLive(runRecord(), at('2026-01-02T03:14:04Z')), true)
  assert.equal(isLive(runRecord(), at('2026-01-02T03:14:05Z')), false)
  assert.equal(isLive(runRecord({ status: 'failed' }), at('2026-01-02T03:04:05Z')), false)
})
