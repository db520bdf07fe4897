import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import * as maintain from '#dist/maintain.js'

async function publish(prefix: string, ...values: string[]): Promise<void> {
  for (const value of values) {
    await writeSnapshot([[7, value]], { prefix, sharding: { shards: 2 }, valueEncoding: 'utf8' })
  }
}

test('maintain: history, rollback, and a look at what was current before', async (t) => {
  t.mock.method(console, 'error', () => {})
  const prefix = 'memory://maintain-history'
  await publish(prefix, 'one', 'two')
  const { from, to, value } = await maintain.history(prefix, 7)
  assert.notEqual(from!.runId, to.runId)
  assert.equal(new TextDecoder().decode(value), 'two')
  await using reader = await SnapshotReader.open({ prefix, valueEncoding: 'utf8' })
  assert.equal(await reader.get(7), 'one')
})
