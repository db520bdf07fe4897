import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { type EngineReader, type ShardEngine, wrapEngine } from '@shardyfusion/core/extend'
import { SnapshotReader } from '@shardyfusion/core'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { objectEngine } from '../support/object-engine.js'

/** An engine whose readers have all values at hand that `getMany` has given before. */
function peekingEngine(onPeek: () => void = () => {}) {
  const counts = { peeks: 0, getMany: 0 }
  const inner = objectEngine()
  const known = new Map<string, Uint8Array | undefined>()
  const openReader: ShardEngine['openReader'] = async (options) => {
    const reader = await inner.openReader(options)
    return {
      getMany: async (keys) => {
        counts.getMany++
        const found = await reader.getMany(keys)
        for (const [i, key] of keys.entries()) known.set(Buffer.from(key).toString('hex'), found[i])
        return found
      },
      peek: (key) => {
        counts.peeks++
        onPeek()
        const id = Buffer.from(key).toString('hex')
        return known.has(id) ? known.get(id)?.slice() : null
      },
      scan: (range, scanOptions) => reader.scan(range, scanOptions),
      close: () => reader.close(),
    } satisfies EngineReader
  }
  return { engine: wrapEngine(inner, { openReader }), counts }
}

async function openSnapshot(t: TestContext, engine: ShardEngine, valueCacheBytes?: number) {
  const place = memoryPlace()
  await publishRows(place, 'a', 50, { sharding: { shards: 3 } })
  const reader = await SnapshotReader.open({
    ...place,
    engine,
    values: 'utf8',
    valueCacheBytes,
  })
  t.after(() => reader.close())
  return reader
}

for (const valueCacheBytes of [0, undefined]) {
  const kept = valueCacheBytes === 0 ? 'nothing is kept' : 'values are kept'
  test(`get takes what the engine has at hand, and asks for the rest (${kept})`, async (t) => {
    const { engine, counts } = peekingEngine()
    const reader = await openSnapshot(t, engine, valueCacheBytes)
    const keys = Array.from({ length: 50 }, (_, i) => i)
    assert.equal(await reader.get(3), 'a 3')
    assert.equal(counts.getMany, 1)
    for (const key of keys) assert.equal(await reader.get(key), `a ${key}`)
    assert.equal(await reader.get(1_000), undefined)
    const asked = counts.getMany
    for (const key of keys) assert.equal(await reader.get(key), `a ${key}`)
    assert.equal(await reader.get(1_000), undefined)
    assert.equal(counts.getMany, asked)
    assert.ok(counts.peeks > 0)
  })
}

test('an engine that cannot be peeked into is asked', async (t) => {
  const { engine, counts } = peekingEngine(() => {
    throw new Error('out of order')
  })
  const reader = await openSnapshot(t, engine, 0)
  for (let i = 0; i < 3; i++) assert.equal(await reader.get(7), 'a 7')
  assert.equal(counts.getMany, 3)
})

test('a loop of lookups that never wait lets others have their turn', async (t) => {
  const { engine } = peekingEngine()
  const reader = await openSnapshot(t, engine, 0)
  await reader.get(7)
  let turns = 0
  const count = (): void => {
    turns++
    if (turns < 3) setImmediate(count)
  }
  setImmediate(count)
  const bound = performance.now() + 20_000
  while (turns < 3 && performance.now() < bound) assert.equal(await reader.get(7), 'a 7')
  assert.equal(turns, 3)
})

test('a value that was peeked and is kept belongs to its caller', async (t) => {
  const { engine, counts } = peekingEngine()
  const place = memoryPlace()
  await publishRows(place, 'a', 5)
  const open = async (valueCacheBytes: number) => {
    const reader = await SnapshotReader.open({ ...place, engine, valueCacheBytes })
    t.after(() => reader.close())
    return reader
  }
  await (await open(0)).getMany([1, 2, 3])
  const reader = await open(1 << 20)
  await reader.getMany([1, 2])
  await reader.get(4)
  const asked = counts.getMany
  for (let i = 0; i < 2; i++) {
    const value = (await reader.get(3))!
    assert.deepEqual(Buffer.from(value).toString(), 'a 3')
    value.fill(0)
  }
  assert.ok(counts.getMany - asked <= 1, 'once at most, to open the shard')
})
