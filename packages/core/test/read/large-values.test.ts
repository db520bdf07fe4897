import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EngineReader, type ShardEngine, wrapEngine } from '@shardyfusion/core/extend'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { memoryPlace } from '../support/memory-place.js'
import { objectEngine } from '../support/object-engine.js'

const KEYS = Array.from({ length: 64 }, (_, i) => i)

/** An engine whose readers have values of that size in memory, all bytes of which are the last of their key. */
function fullEngine(valueBytes: number) {
  const counts = { peeks: 0 }
  const inner = objectEngine()
  const openReader: ShardEngine['openReader'] = async (options) => {
    const reader = await inner.openReader(options)
    const valueOf = (key: Uint8Array) => new Uint8Array(valueBytes).fill(key.at(-1)!)
    return {
      getMany: async (keys) => keys.map(valueOf),
      peek: (key) => {
        counts.peeks++
        return valueOf(key)
      },
      scan: (range, scanOptions) => reader.scan(range, scanOptions),
      close: () => reader.close(),
    } satisfies EngineReader
  }
  return { engine: wrapEngine(inner, { openReader }), counts }
}

async function openFull(valueBytes: number) {
  const { engine, counts } = fullEngine(valueBytes)
  const place = memoryPlace()
  const rows = KEYS.map((key) => [key, Uint8Array.of(key)] as const)
  await writeSnapshot(rows, { ...place, engine, sharding: { shards: 1 } })
  const reader = await SnapshotReader.open({ ...place, engine, valueCacheBytes: 0 })
  // Opens the shard.
  await reader.get(0)
  counts.peeks = 0
  return { reader, counts }
}

test('get: a large value can be dropped before the last of many lookups reads its own', async () => {
  const { reader, counts } = await openFull(256 * 1024)
  const ahead: number[] = []
  let used = 0
  const all = KEYS.map(async (key) => {
    const value = await reader.get(key)
    ahead.push(counts.peeks - used++)
    return value
  })
  assert.ok(counts.peeks <= 4, `${counts.peeks} values were read in the calls`)
  for (const [key, value] of (await Promise.all(all)).entries()) {
    assert.equal(value!.length, 256 * 1024)
    assert.ok(value!.every((byte) => byte === key))
  }
  assert.equal(counts.peeks, KEYS.length)
  assert.ok(Math.max(...ahead) <= 8, `values read and not used: ${ahead.join()}`)
  await reader.close()
})

test('get: small values are read in the calls', async () => {
  const { reader, counts } = await openFull(1000)
  const all = KEYS.map((key) => reader.get(key))
  assert.equal(counts.peeks, KEYS.length)
  await Promise.all(all)
  await reader.close()
})

test('get: the buffer of a key may be reused although its lookup takes a turn', async () => {
  const { engine } = fullEngine(256 * 1024)
  const place = memoryPlace()
  const keys = KEYS.map((key) => Uint8Array.of(1, key))
  const rows = keys.map((key) => [key, key] as const)
  await writeSnapshot(rows, { ...place, engine, keyEncoding: 'raw', sharding: { shards: 1 } })
  const reader = await SnapshotReader.open({ ...place, engine, valueCacheBytes: 0 })
  await reader.get(keys[0]!)
  const buffer = new Uint8Array(2)
  const all = keys.map((key) => {
    buffer.set(key)
    return reader.get(buffer)
  })
  buffer.fill(255)
  for (const [i, value] of (await Promise.all(all)).entries()) assert.equal(value![0], i)
  await reader.close()
})

test('get: a lookup that waits for its turn ends if the reader is closed', async () => {
  const { reader } = await openFull(256 * 1024)
  const all = Promise.allSettled(KEYS.map((key) => reader.get(key)))
  await reader.close()
  for (const [key, settled] of (await all).entries()) {
    if (settled.status === 'fulfilled') assert.equal((settled.value as Uint8Array)[0], key)
    else assert.equal((settled.reason as { code?: string }).code, 'SHARD_CLOSED')
  }
})
