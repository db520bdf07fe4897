import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Key, memoryStore, type RoutingContext, SnapshotReader } from '@shardyfusion/core'
import { verifySnapshot } from '@shardyfusion/core/maintain'
import { golden } from '../support/golden.js'

interface Expected {
  readonly objects: readonly (readonly [key: string, bytes: number, contentType: string])[]
  readonly info: { readonly num_dbs: number; readonly row_count: number }
  readonly keys: readonly {
    readonly key: string
    readonly db_id: number
    readonly value: string
    readonly context?: RoutingContext
  }[]
}

function untag(tagged: string): Key {
  const value = tagged.slice(2)
  if (tagged.startsWith('i:')) return BigInt(value)
  return tagged.startsWith('s:') ? value : new Uint8Array(Buffer.from(value, 'hex'))
}

for (const name of ['kv-slatedb-cel-nul', 'kv-slatedb-cel-double']) {
  test(`cel: a snapshot of the Python project answers as there (${name})`, async () => {
    const expected = JSON.parse(
      new TextDecoder().decode(golden(`cel/${name}/expected.json`)),
    ) as Expected
    const prefix = `memory://${name}/copy`
    const objects = memoryStore(name)
    for (const [key] of expected.objects) {
      // Names with ":" cannot be checked out everywhere.
      await objects.put(`${prefix}/${key}`, golden(`cel/${name}/${key.replaceAll(':', '-')}`))
    }
    await using reader = await SnapshotReader.open({ prefix, objects, shardUrls: 'rebase' })
    assert.equal(reader.info().shards, expected.info.num_dbs)
    for (const { key, db_id: shard, value, context } of expected.keys) {
      const found = await reader.get(untag(key), { context })
      assert.equal(found && Buffer.from(found).toString('hex'), value, key)
      assert.equal(reader.shardFor(untag(key), { context }).id, shard, key)
    }
    const { ok, findings } = await verifySnapshot({ prefix, objects, shardUrls: 'rebase' })
    assert.ok(ok, JSON.stringify(findings))
  })
}
