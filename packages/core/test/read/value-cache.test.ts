import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { jsonValues, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { ValueCache } from '#dist/read/lookup/value-cache.js'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { objectEngine } from '../support/object-engine.js'
import { watchedEngine } from '../support/watched-engine.js'

const SHARDS = { sharding: { shards: 3 } }

/** A reader over memory whose engine calls are counted, and may be held up. */
async function countedReader<O extends object>(options: O) {
  const place = memoryPlace()
  let calls = 0
  let gate: Promise<void> | undefined
  const engine = watchedEngine(objectEngine(), {
    getMany: () => {
      calls++
      return gate
    },
  })
  await publishRows(place, 'a', 50, SHARDS)
  const reader = await SnapshotReader.open({ ...place, engine, ...options })
  return {
    place,
    reader,
    calls: () => calls,
    hold: (until: Promise<void> | undefined) => {
      gate = until
    },
  }
}

test('a key is read from its shard once, whether or not it is there', async () => {
  const { reader, calls } = await countedReader({ values: 'utf8' as const })
  for (let i = 0; i < 3; i++) {
    assert.equal(await reader.get(7), 'a 7')
    assert.equal(await reader.get(1_000), undefined)
  }
  assert.equal(calls(), 2)
  assert.deepEqual(await reader.getMany([7, 1_000, 7]), ['a 7', undefined, 'a 7'])
  assert.equal(calls(), 2)
  await reader.close()
})

test('what getMany has read is kept for get, and only the rest is read again', async () => {
  const { reader, calls } = await countedReader({ values: 'utf8' as const })
  const keys = Array.from({ length: 50 }, (_, i) => i)
  await reader.getMany(keys.slice(0, 30))
  const before = calls()
  for (const key of keys.slice(0, 30)) assert.equal(await reader.get(key), `a ${key}`)
  assert.equal(calls(), before)
  assert.deepEqual(
    await reader.getMany(keys),
    keys.map((key) => `a ${key}`),
  )
  assert.ok(calls() - before <= 3)
  await reader.close()
})

test('a value belongs to its caller: changing it changes nothing that is kept', async () => {
  const { reader } = await countedReader({})
  const first = (await reader.get(7))!
  const expected = Buffer.from(first).toString()
  first.fill(0)
  const [second] = await reader.getMany([7])
  assert.equal(Buffer.from(second!).toString(), expected)
  second!.fill(0)
  assert.equal(Buffer.from((await reader.get(7))!).toString(), expected)
  await reader.close()
})

test('gets of one key at the same time are one read, and one that is aborted does not disturb the others', async () => {
  const { reader, calls, hold } = await countedReader({ values: 'utf8' as const })
  let release!: () => void
  hold(new Promise((resolve) => (release = resolve)))
  const controller = new AbortController()
  const aborted = reader.get(7, { signal: controller.signal })
  const others = Array.from({ length: 20 }, () => reader.get(7))
  const reason = new Error('enough')
  controller.abort(reason)
  await assert.rejects(aborted, reason)
  release()
  assert.deepEqual(
    await Promise.all(others),
    others.map(() => 'a 7'),
  )
  assert.equal(calls(), 1)
  await reader.close()
})

test('a read that failed is not kept', async () => {
  const { reader, calls, hold } = await countedReader({ values: 'utf8' as const })
  hold(Promise.reject(new Error('storage is out')))
  await assert.rejects(Promise.all([reader.get(7), reader.get(7)]), /storage is out/)
  hold(undefined)
  assert.equal(await reader.get(7), 'a 7')
  assert.equal(calls(), 2)
  await reader.close()
})

test('after a refresh nothing of the snapshot before is given', async () => {
  const { place, reader } = await countedReader({ values: 'utf8' as const })
  assert.equal(await reader.get(7), 'a 7')
  assert.equal(await reader.get(60), undefined)
  await publishRows(place, 'b', 100, SHARDS)
  assert.equal(await reader.get(7), 'a 7')
  assert.equal(await reader.refresh(), true)
  assert.equal(await reader.get(7), 'b 7')
  assert.equal(await reader.get(60), 'b 60')
  await reader.close()
})

test('valueCacheBytes: 0 keeps nothing', async () => {
  const { reader, calls } = await countedReader({ valueCacheBytes: 0 })
  await reader.get(7)
  await reader.get(7)
  assert.equal(calls(), 2)
  await reader.close()
})

test('json values are parsed anew for every caller', async () => {
  const place = memoryPlace()
  const engine = objectEngine()
  await writeSnapshot([{ id: 1, tags: ['a'] }], {
    ...place,
    engine,
    sharding: { shards: 1 },
    key: 'id',
    values: 'json',
  })
  const values = jsonValues<{ tags: string[] }>()
  const reader = await SnapshotReader.open({ ...place, engine, values })
  const first = (await reader.get(1))!
  first.tags.push('b')
  assert.deepEqual(await reader.get(1), { id: 1, tags: ['a'] })
  await reader.close()
})

test('a loop of lookups of kept values lets timers in', { timeout: 60_000 }, async () => {
  const { reader } = await countedReader({})
  for (const look of [() => reader.get(7), () => reader.getMany([7, 8])]) {
    let fired = false
    setTimeout(() => (fired = true), 1)
    // Without a turn of the event loop in between, the timer never comes.
    for (let i = 0; !fired; i++) {
      await look()
      assert.ok(i < 50_000_000)
    }
  }
  await reader.close()
})

function keyOf(i: number): Uint8Array {
  return Buffer.from(`key ${i}`)
}

test('ValueCache: never more than its bytes, and what is used stays', () => {
  const cache = new ValueCache(10_000)
  for (let i = 0; i < 1_000; i++) {
    cache.set(0, keyOf(i), new Uint8Array(100))
    cache.find(0, keyOf(0))
    assert.ok(cache.bytes <= 10_000, `${cache.bytes} bytes`)
  }
  assert.ok(cache.find(0, keyOf(0)) !== undefined)
  assert.ok(cache.find(0, keyOf(999)) !== undefined)
  assert.equal(cache.find(0, keyOf(500)), undefined)
  assert.ok(cache.size > 10)
  cache.set(0, keyOf(-1), new Uint8Array(9_000))
  assert.equal(cache.find(0, keyOf(-1)), undefined)
  cache.clear()
  assert.deepEqual([cache.size, cache.bytes], [0, 0])
  assert.equal(cache.find(0, keyOf(999)), undefined)
})

test('ValueCache: a value is found by the shard and the key it was set for, and by no other', () => {
  const key = fc.uint8Array({ minLength: 0, maxLength: 9, max: 2 })
  const shard = fc.constantFrom(0, 1, 0x1_0000, 0x7fff_ffff)
  const entry = fc.tuple(shard, key, fc.nat(400))
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 2_000 }), fc.boolean(), (entries, isSmall) => {
      // The small one evicts all the time.
      const cache = new ValueCache(isSmall ? 4_000 : 10_000_000)
      const model = new Map<string, number>()
      const scratch = new Uint8Array(16)
      for (const [shardId, bytes, size] of entries) {
        // The caller reuses the buffer of its key.
        scratch.set(bytes)
        const reused = scratch.subarray(0, bytes.length)
        const id = `${shardId} ${Buffer.from(bytes).toString('hex')}`
        const found = cache.find(shardId, reused)
        if (found !== undefined) assert.equal(found.value?.length, model.get(id))
        else if (!isSmall) assert.ok(!model.has(id))
        if (found === undefined) model.set(id, size)
        cache.set(shardId, reused, new Uint8Array(size))
        assert.ok(cache.bytes <= (isSmall ? 4_000 : 10_000_000))
      }
      if (!isSmall) assert.equal(cache.size, model.size)
    }),
    { numRuns: 100 },
  )
})
