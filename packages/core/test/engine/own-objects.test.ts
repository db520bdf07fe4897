import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore, ShardReader, ShardWriter, ShardyfusionError } from '@shardyfusion/core'
import { countStore, interceptStore } from '@shardyfusion/core/testing'

const URL = 'memory://place/shard'
const ENGINE = 'wasm' as const

test('a shard is built without a request for what its writer knows', async () => {
  const counter = countStore(new MemoryStore())
  const writer = await ShardWriter.open({ url: URL, engine: ENGINE, objects: counter.store })
  for (let i = 0; i < 5_000; i++) await writer.put(i, Buffer.from(`value ${i}`))
  const { bytes } = await writer.seal()
  await writer.close()
  const { list, get, head, put } = counter.counts().calls
  assert.deepEqual({ list, get, head }, { list: 1, get: 0, head: 0 })
  assert.ok(put <= 8, `${put} objects were put`)
  let stored = 0
  for await (const object of counter.store.list(URL)) stored += object.bytes
  assert.equal(bytes, stored)
})

test('a shard that is there is opened for more, with what it holds', async () => {
  const objects = new MemoryStore()
  for (const value of ['one', 'two']) {
    const writer = await ShardWriter.open({ url: URL, engine: ENGINE, objects })
    await writer.put(value === 'one' ? 1 : 2, Buffer.from(value))
    await writer.seal()
    await writer.close()
  }
  const reader = await ShardReader.open({ url: URL, engine: ENGINE, objects })
  const values = await reader.getMany([1, 2])
  assert.deepEqual(
    values.map((value) => Buffer.from(value!).toString()),
    ['one', 'two'],
  )
  await reader.close()
})

test('a writer whose shard another one took over notices, though it asks nobody', async () => {
  const objects = new MemoryStore()
  const first = await ShardWriter.open({ url: URL, engine: ENGINE, objects })
  await first.put(1, Buffer.from('first'))
  const second = await ShardWriter.open({ url: URL, engine: ENGINE, objects })
  await second.put(1, Buffer.from('second'))
  await second.seal()
  await second.close()
  await assert.rejects(first.seal(), (error: ShardyfusionError) => error.details['fenced'] === true)
  await first.close().catch(() => {})
  const reader = await ShardReader.open({ url: URL, engine: ENGINE, objects })
  assert.equal(Buffer.from((await reader.get(1))!).toString(), 'second')
  await reader.close()
})

test('after a write nobody knows the end of, the store is asked again', async () => {
  let failures = 1
  const counter = countStore(new MemoryStore())
  const objects = interceptStore(counter.store, {
    after: ({ operation, url }) => {
      // The write is done, but its answer is lost.
      if (operation === 'put' && url.includes('/manifest/') && failures-- > 0) {
        throw new ShardyfusionError('SHARD_STORE', 'the answer is lost', { retryable: true })
      }
    },
  })
  const open = (): Promise<ShardWriter> => ShardWriter.open({ url: URL, engine: ENGINE, objects })
  await assert.rejects(open(), { code: 'SHARD_STORE' })
  // Another attempt starts from what is there.
  const writer = await open()
  await writer.put(1, Buffer.from('one'))
  await writer.seal()
  await writer.close()
  const reader = await ShardReader.open({ url: URL, engine: ENGINE, objects })
  assert.equal(Buffer.from((await reader.get(1))!).toString(), 'one')
  await reader.close()
})
