import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore, ShardyfusionError, slatedb } from '@shardyfusion/core'
import { packEntries } from '@shardyfusion/core/extend'
import { StoppingStore } from '#dist/slatedb/wasm/stopping-store.js'
import { withPut } from '../support/failing-store.js'
import { rejectsWith } from '../support/throws.js'
import { trapUnhandledRejections } from '../support/unhandled.js'

trapUnhandledRejections()

const TABLE = /\/compacted\/[^/]+\.sst$/
const rows = packEntries([[Uint8Array.of(1), Uint8Array.of(2)]])

for (const retryable of [true, false]) {
  test(`a table that cannot be stored ends flush and close at once (retryable: ${retryable})`, async () => {
    // SlateDB itself would try again in an hour, and every hour from then on.
    const puts: string[] = []
    let failing = true
    const objects = withPut(new MemoryStore(), async (url, bytes, options, put) => {
      puts.push(url)
      if (failing && TABLE.test(url))
        throw new ShardyfusionError('SHARD_STORE', 'Store.put: no', { retryable })
      return put(url, bytes, options)
    })
    const writer = await slatedb({ runtime: 'wasm' }).openWriter({
      url: 'memory://storage/shard',
      objects,
    })
    await writer.write(rows)
    const error = await rejectsWith('SHARD_STORE', /^Store\.put: no$/, () => writer.flush())
    assert.equal(error.retryable, retryable)
    await assert.rejects(async () => writer.write(rows), error)
    await assert.rejects(async () => writer.seal(), error)
    await writer.close()
    // What is left of the engine writes nothing behind the back of those who clean up.
    failing = false
    const before = puts.length
    for (let i = 0; i < 50; i++) await new Promise(setImmediate)
    assert.equal(puts.length, before)
  })
}

test('StoppingStore: once a table was refused, tables seem to be stored and nothing else is', async () => {
  const asked: string[] = []
  const refused = new Error('no')
  const store = new StoppingStore({
    get: async (path) => void asked.push(path),
    head: async (path) => void asked.push(path),
    list: async function* (prefix) {
      asked.push(prefix)
      yield* []
    },
    delete: async (path) => void asked.push(path),
    put: async (path) => {
      asked.push(path)
      throw refused
    },
  })
  const bytes = new Uint8Array(16)
  const call = store.orStopped(new Promise(() => {}))
  // What is no table may fail; the engine deals with that itself.
  await assert.rejects(store.put('manifest/1.manifest', bytes, true), refused)
  assert.equal(store.isStopped, false)
  await assert.rejects(store.put('compacted/a.sst', bytes, false), refused)
  await assert.rejects(call, refused)
  assert.equal(store.isStopped, true)
  asked.length = 0
  assert.equal(await store.put('compacted/a.sst', bytes, false), true)
  for (const work of [
    () => store.put('manifest/2.manifest', bytes, true),
    () => store.get('manifest/1.manifest', 0),
    () => store.head('wal/1.sst'),
    () => store.delete('wal/1.sst'),
    () => store.list('manifest').next(),
    () => store.orStopped(new Promise(() => {})),
  ]) {
    await assert.rejects(work, refused)
  }
  assert.deepEqual(asked, [])
})
