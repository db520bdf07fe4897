import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Key, MemoryStore, slatedb, SnapshotReader, writeSnapshot } from '@shardyfusion/core'

const ROWS = 2_000

for (const [keyEncoding, shards] of [
  ['u64be', 1],
  ['u64be', 5],
  ['u32be', 3],
] as const) {
  test(`getMany gives what get gives, for batches of integers (${keyEncoding}, ${shards} shards)`, async (t) => {
    const place = {
      prefix: 'memory://packed/p',
      objects: new MemoryStore(),
      engine: slatedb({ runtime: 'wasm' }),
    }
    const rows = Array.from({ length: ROWS }, (_, i) => [3 * i, `value ${i}`] as const)
    await writeSnapshot(rows, { ...place, keyEncoding, sharding: { shards }, values: 'utf8' })
    const warm = await SnapshotReader.open({ ...place, values: 'utf8', valueCacheBytes: 0 })
    const caching = await SnapshotReader.open({ ...place, values: 'utf8' })
    t.after(async () => {
      await warm.close()
      await caching.close()
    })
    await warm.getMany(rows.map(([key]) => key))
    const number = fc.integer({ min: 0, max: 4 * ROWS })
    const key: fc.Arbitrary<Key> = fc.oneof(
      { weight: 20, arbitrary: number },
      { weight: 5, arbitrary: number.map(BigInt) },
      { weight: 1, arbitrary: fc.constant(2 ** 32 - 1) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(key, { maxLength: 300 }), async (keys) => {
        const expected = keys.map((each) => {
          const id = Number(each)
          return id % 3 === 0 && id < 3 * ROWS ? `value ${id / 3}` : undefined
        })
        assert.deepEqual(await warm.getMany(keys), expected)
        assert.deepEqual(await caching.getMany(keys), expected)
      }),
      { numRuns: 100 },
    )
  })
}

test('a batch with a key that is no integer fails as one lookup does, and leaves nothing behind', async (t) => {
  const place = {
    prefix: 'memory://packed/q',
    objects: new MemoryStore(),
    engine: slatedb({ runtime: 'wasm' }),
  }
  await writeSnapshot([[1, 'a']], { ...place, sharding: { shards: 2 }, values: 'utf8' })
  const reader = await SnapshotReader.open({ ...place, values: 'utf8' })
  t.after(() => reader.close())
  for (const wrong of [-1, 1.5, 'text', 2 ** 60, null, 2n ** 64n]) {
    await assert.rejects(reader.getMany([1, wrong as never]), { code: 'SHARD_INVALID_KEY' })
  }
  const eight = new Uint8Array(8)
  eight[7] = 1
  // Bytes route as bytes, and may find the shard of another key.
  assert.equal((await reader.getMany([1, eight]))[0], 'a')
  assert.deepEqual(await reader.getMany([]), [])
  assert.deepEqual(await reader.getMany([1, 2]), ['a', undefined])
})
