import assert from 'node:assert/strict'
import { getEventListeners, getMaxListeners, setMaxListeners } from 'node:events'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { slatedb, SnapshotReader, sqlite, updateSnapshot, writeSnapshot } from '@shardyfusion/core'
import type { ShardEngine } from '@shardyfusion/core/extend'
import { verifySnapshot } from '@shardyfusion/core/maintain'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'

const SHARDS = 64
const warnings: Error[] = []
process.on('warning', (warning) => warnings.push(warning))

/** Calls with a signal of its own; no warning may come of it, and no listener stay. */
async function call<R>(work: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const { signal } = new AbortController()
  const result = await work(signal)
  // Node emits warnings in a later turn.
  await turn()
  assert.deepEqual(warnings, [])
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  return result
}

function* rows(from: number, to: number): Generator<[number, Uint8Array]> {
  for (let i = from; i < to; i++) yield [i, new Uint8Array(20)]
}

for (const [name, engine] of Object.entries<ShardEngine>({ slatedb: slatedb(), sqlite: sqlite() }))
  for (const workers of [undefined, 2]) {
    test(`${name}, workers: ${workers}: ${SHARDS} shards leave no listener behind`, async (t) => {
      const prefix = tempPrefix()
      const sharding = { shards: SHARDS }
      const retry = { maxRetries: 1 }
      const built = await call((signal) =>
        writeSnapshot(rows(0, 5_000), { prefix, sharding, engine, workers, retry, signal }),
      )
      assert.equal(built.shards.filter(({ rowCount }) => rowCount > 0).length, SHARDS)
      const updated = await call((signal) =>
        updateSnapshot(rows(4_000, 6_000), { prefix, workers, retry, concurrency: 32, signal }),
      )
      assert.equal(updated.rowCount, 6_000)
      const found = await call((signal) => verifySnapshot({ prefix, concurrency: 32, signal }))
      assert.equal(found.ok, true)
      const reader = await call((signal) => SnapshotReader.open({ prefix, signal }))
      t.after(() => reader.close())
      const values = await call((signal) =>
        Promise.all(Array.from({ length: SHARDS }, (_, key) => reader.get(key, { signal }))),
      )
      for (const value of values) assert.deepEqual(value, new Uint8Array(20))
    })
  }

test('a limit of listeners that the caller has set stays', async () => {
  const prefix = tempPrefix()
  const { signal } = new AbortController()
  setMaxListeners(100, signal)
  await writeSnapshot(rows(0, 1), { prefix, sharding: { shards: 1 }, signal })
  assert.equal(getMaxListeners(signal), 100)
})
