import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from '@shardyfusion/core'
import { packEntries } from '@shardyfusion/core/extend'
import { ShardReaderSync, SnapshotReaderSync, SnapshotWriterSync } from '@shardyfusion/sync'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const REGIONS = 5

for (const lend of [(bytes: Uint8Array) => new Uint8Array(bytes), Buffer.from]) {
  const kind = lend === Buffer.from ? 'Buffer' : 'Uint8Array'
  test(`buffers may be reused after every call (${kind})`, () => {
    const prefix = tempPrefix()
    const key = lend(Uint8Array.of(0, 0))
    const value = lend(Uint8Array.of(0, 0, 0))
    const region = lend(Uint8Array.of(0))
    using writer = SnapshotWriterSync.open({
      prefix,
      sharding: {
        cel: `shard_hash(region) % ${REGIONS}u`,
        columns: { region: 'bytes' },
        shards: REGIONS,
      },
      keyEncoding: 'raw',
    })
    const model = new Map<string, { value: string; region: number }>()
    for (let i = 0; i < 700; i++) {
      key.set([i >> 8, i])
      value.fill(i)
      region[0] = i % 50
      writer.put(key, value, { region })
      model.set(text(key), { value: text(value), region: i % 50 })
    }
    const { shards } = writer.publish()
    using reader = SnapshotReaderSync.open({ prefix })
    for (let round = 0; round < 2; round++) {
      for (const [k, row] of model) {
        key.set(Buffer.from(k, 'hex'))
        region[0] = row.region
        const found = reader.get(key, { context: { region } })
        assert.equal(found && text(found), row.value, k)
        // A value belongs to the caller; the next one must not find it changed.
        found?.fill(0xee)
      }
    }
    const start = lend(Uint8Array.of(1, 0))
    const scan = reader.scanIter({ start })
    start.fill(0)
    const scanned = [...scan].map(([k, v]) => [text(k), text(v)])
    const expected = [...model].filter(([k]) => k >= '0100').map(([k, row]) => [k, row.value])
    assert.deepEqual(scanned, expected)
    const prefixBytes = lend(Uint8Array.of(1))
    assert.equal([...reader.scanIter({ prefix: prefixBytes })].length, 256)
    assert.equal(prefixBytes[0], 1, 'a scan must not change its bounds')

    const shard = shards.find(({ url }) => url !== undefined)
    using one = ShardReaderSync.open({ url: shard!.url!, keyEncoding: 'raw' })
    const [[first] = []] = one.scanIter()
    key.set(first!)
    assert.equal(text(one.get(key)!), model.get(text(key))!.value)
  })
}

test('a chunk may be reused after putChunk', () => {
  const prefix = tempPrefix()
  using writer = SnapshotWriterSync.open({ prefix, sharding: { shards: 2 }, keyEncoding: 'raw' })
  const entries = Array.from({ length: 100 }, (_, i): Entry => [
    Uint8Array.of(i),
    Uint8Array.of(i, i),
  ])
  const chunk = packEntries(entries)
  writer.putChunk(chunk)
  chunk.data.fill(0xee)
  writer.publish()
  using reader = SnapshotReaderSync.open({ prefix })
  const scanned = [...reader.scanIter()].map(([k, v]) => [text(k), text(v)])
  assert.deepEqual(
    scanned,
    entries.map(([k, v]) => [text(k), text(v)]),
  )
})
