import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore, packEntries, ShardyfusionError } from '@shardyfusion/core'
import { wasmEngine } from '#dist/engine/wasm/wasm-engine.js'
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
    const writer = await wasmEngine().openWriter({ url: 'memory://storage/shard', objects })
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
