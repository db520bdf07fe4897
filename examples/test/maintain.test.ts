import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listSnapshots } from '@shardyfusion/core/maintain'
import { memoryStore, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import * as maintain from '#dist/maintain.js'

async function publish(prefix: string, ...values: string[]): Promise<void> {
  for (const value of values) {
    await writeSnapshot([[7, value]], { prefix, sharding: { shards: 2 }, values: 'utf8' })
  }
}

test('maintain: lists the history, rolls back, and reads the previous snapshot', async (t) => {
  t.mock.method(console, 'error', () => {})
  const prefix = 'memory://maintain-history'
  await publish(prefix, 'one', 'two')
  const { from, to, value } = await maintain.history(prefix, 7)
  assert.notEqual(from!.runId, to.runId)
  assert.equal(new TextDecoder().decode(value), 'two')
  await using reader = await SnapshotReader.open({ prefix, values: 'utf8' })
  assert.equal(await reader.get(7), 'one')
})

test('maintain: cleanup keeps a week, and less after a confirmed plan', async (t) => {
  t.mock.method(console, 'error', () => {})
  const prefix = 'memory://maintain-cleanup'
  await publish(prefix, 'one', 'two', 'three', 'four')
  const refused = await maintain.cleanUp(prefix, (bytes) => bytes === 0)
  assert.equal(refused.report.objects, 0)
  assert.equal(refused.plan.actions.length, 3)
  assert.equal((await listSnapshots({ prefix })).length, 4)
  await maintain.cleanUp(prefix, () => true)
  assert.equal((await listSnapshots({ prefix })).length, 1)
})

test('maintain: verification accepts a sound snapshot and rejects a damaged one', async (t) => {
  t.mock.method(console, 'error', () => {})
  const prefix = 'memory://maintain-verify'
  await publish(prefix, 'one')
  assert.equal((await maintain.verify(prefix)).keys, 1)
  await memoryStore('maintain-verify').deletePrefix(`${prefix}/shards`)
  await assert.rejects(maintain.verify(prefix), /is damaged/)
})
