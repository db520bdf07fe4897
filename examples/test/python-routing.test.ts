import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { missing, python } from './support/python-engines.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

test('routing in Python: computes the same shard as every reader', { skip: missing }, async () => {
  const prefix = pathToFileURL(join(tempFolder(), 'empty')).href
  await writeSnapshot([], { prefix, sharding: { shards: 7 } })
  await using reader = await SnapshotReader.open({ prefix })
  const integers = [0n, 1n, 255n, 256n, 2n ** 31n, 2n ** 32n + 5n, 2n ** 53n + 1n, 2n ** 63n - 1n]
  for (let i = 0n; i < 200n; i++) integers.push(i * 92_821_117_009n)
  const texts = ['', 'a', 'äöü', 'user/1', '日本語', 'x'.repeat(300), ...integers.map(String)]
  const code = `
import json, sys
sys.path.insert(0, '.')
import shardy_tasks
keys = json.loads(sys.argv[1])
print(json.dumps([shardy_tasks.shard_of(key, 7) for key in keys]))`
  const keys = `[${integers.join(',')},${texts.map((text) => JSON.stringify(text)).join(',')}]`
  const shards = JSON.parse(await python(['-c', code, keys])) as number[]
  assert.deepEqual(
    shards,
    [...integers, ...texts].map((key) => reader.shardFor(key).id),
  )
})
