import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore, ShardyfusionError, slatedb } from '@shardyfusion/core'
import { packEntries } from '@shardyfusion/core/extend'
import { withPut } from '../support/failing-store.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { trapUnhandledRejections } from '../support/unhandled.js'

trapUnhandledRejections()

const rows = packEntries([[Uint8Array.of(1), Uint8Array.of(2)]])

for (const retryable of [true, false]) {
  for (const object of [/\/compacted\/[^/]+\.sst$/, /\.manifest$/]) {
    test(`an object ${object.source} that cannot be stored ends seal and close at once (retryable: ${retryable})`, async () => {
      const puts: string[] = []
      const objects = withPut(new MemoryStore(), async (url, bytes, options, put) => {
        puts.push(url)
        if (object.test(url))
          throw new ShardyfusionError('SHARD_STORE', 'Store.put: no', { retryable })
        return put(url, bytes, options)
      })
      const writer = await slatedb({ runtime: 'wasm' }).openWriter({
        url: 'memory://storage/shard',
        objects,
      })
      await writer.write(rows)
      const error = await rejectsWith('SHARD_STORE', /^Store\.put: no$/, () => writer.seal())
      assert.equal(error.retryable, retryable)
      await assert.rejects(async () => writer.write(rows), error)
      await assert.rejects(async () => writer.seal(), error)
      await writer.close()
      // The writer stores nothing afterwards.
      const before = puts.length
      for (let i = 0; i < 50; i++) await new Promise(setImmediate)
      assert.equal(puts.length, before)
    })
  }
}
