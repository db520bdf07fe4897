import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { observe } from '#dist/observe.js'

test('observe: records a refresh', async () => {
  const seen: string[] = []
  observe((name, _value, label) => void seen.push(`${name} ${label}`))
  const prefix = 'memory://observe'
  await writeSnapshot([[1, 'one']], { prefix, sharding: { shards: 1 }, values: 'utf8' })
  await using reader = await SnapshotReader.open({ prefix })
  await reader.refresh()
  assert.deepEqual(seen, ['snapshot_refresh_unchanged_ms memory://observe'])
})
