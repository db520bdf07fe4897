import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore, ShardReader, ShardWriter, type ShardyfusionError } from '@shardyfusion/core'
import { countStore } from '@shardyfusion/core/testing'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const URL = 'memory://place/shard'
const ENGINE = 'wasm' as const
const MIB = 1024 * 1024

test('a shard of one table takes two writes and nothing else', async () => {
  const counter = countStore(new MemoryStore())
  const writer = await ShardWriter.open({ url: URL, engine: ENGINE, objects: counter.store })
  for (let i = 0; i < 5_000; i++) await writer.put(5_000 - i, Buffer.from(`value ${i}`))
  const { bytes } = await writer.seal()
  await writer.close()
  const { list, get, head, put } = counter.counts().calls
  assert.deepEqual({ list, get, head, put }, { list: 0, get: 0, head: 0, put: 2 })
  let stored = 0
  for await (const object of counter.store.list(URL)) stored += object.bytes
  assert.equal(bytes, stored)
})

test('rows beyond the memory leave nothing but tables, each written once', async () => {
  const counter = countStore(new MemoryStore())
  const { store: objects } = counter
  const writer = await ShardWriter.open({ url: URL, engine: ENGINE, objects, memoryBytes: MIB })
  // Not to be packed: the shard has several tables.
  const noise = crypto.getRandomValues(new Uint8Array(64 * 1024))
  for (let i = 0; i < 50_000; i++) {
    const value = noise.subarray(i % 60_000, (i % 60_000) + 100)
    await writer.put(Math.imul(i, 2_654_435_761) >>> 0, value)
  }
  await writer.seal()
  await writer.close()
  const left: string[] = []
  for await (const object of objects.list(URL)) left.push(object.url.slice(URL.length + 1))
  const { list, get, head, put } = counter.counts().calls
  assert.deepEqual([list - 1, get, head, put], [0, 0, 0, left.length])
  assert.ok(left.length > 4)
  for (const path of left) assert.match(path, /^(compacted\/\w+\.sst|manifest\/\d+\.manifest)$/)
  const reader = await ShardReader.open({ url: URL, engine: ENGINE, objects })
  let rows = 0
  for await (const chunk of reader.scanIter().chunks()) rows += chunk.count
  assert.equal(rows, 50_000)
  await reader.close()
})

test('a shard that another writer has sealed is refused', async () => {
  const objects = new MemoryStore()
  const first = await ShardWriter.open({ url: URL, engine: ENGINE, objects })
  await first.put(1, Buffer.from('first'))
  const second = await ShardWriter.open({ url: URL, engine: ENGINE, objects })
  await second.put(1, Buffer.from('second'))
  await second.seal()
  await second.close()
  const error = await rejectsWith('SHARD_ENGINE', /has a shard already/, () => first.seal())
  assert.equal((error as ShardyfusionError).details['fenced'], true)
  await first.close()
  const reader = await ShardReader.open({ url: URL, engine: ENGINE, objects })
  assert.equal(Buffer.from((await reader.get(1))!).toString(), 'second')
  await reader.close()
})
