import assert from 'node:assert/strict'
import { totalmem } from 'node:os'
import { test } from 'node:test'
import { ShardReader, slatedb, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { cacheStats, setCacheBudget } from 'slatedb-wasm'
import { defaultCacheBytes } from '#dist/slatedb/wasm/block-cache.js'
import { machineMemoryBytes } from '#dist/slatedb/wasm/machine-memory.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const MIB = 1024 * 1024

async function published(): Promise<string> {
  const prefix = tempPrefix()
  await writeSnapshot([[1, 'one']], { prefix, sharding: { shards: 1 }, values: 'utf8' })
  return prefix
}

async function budgetAfter(options: { prefix: string; engine?: ReturnType<typeof slatedb> }) {
  await using reader = await SnapshotReader.open(options)
  await reader.get(1)
  return (await cacheStats()).budgetBytes
}

test('cache of blocks: a sixteenth of the memory, from 64 MiB to 1 GiB', () => {
  assert.equal(defaultCacheBytes(0), 64 * MIB)
  assert.equal(defaultCacheBytes(512 * MIB), 64 * MIB)
  assert.equal(defaultCacheBytes(4096 * MIB), 256 * MIB)
  assert.equal(defaultCacheBytes(2 ** 40), 1024 * MIB)
})

test('cache of blocks: the limit of a container counts, if it is below the memory', (t) => {
  const limits = { constrainedMemory: () => 0 }
  t.mock.method(process as unknown as typeof limits, 'constrainedMemory', () =>
    limits.constrainedMemory(),
  )
  assert.equal(machineMemoryBytes(), totalmem())
  limits.constrainedMemory = () => 2 ** 63
  assert.equal(machineMemoryBytes(), totalmem())
  limits.constrainedMemory = () => 300 * MIB
  assert.equal(machineMemoryBytes(), 300 * MIB)
})

test('cache of blocks: sized once by the machine, then as options and callers say', async () => {
  const prefix = await published()
  assert.equal(await budgetAfter({ prefix }), defaultCacheBytes(machineMemoryBytes()))
  const engine = slatedb({ cacheBytes: 5 * MIB })
  assert.equal(await budgetAfter({ prefix, engine }), 5 * MIB)
  assert.equal(await budgetAfter({ prefix }), 5 * MIB)
  await setCacheBudget(7 * MIB)
  assert.equal(await budgetAfter({ prefix }), 7 * MIB)
  const { cacheBytes } = engine.origin!.options as { cacheBytes: number }
  assert.equal(cacheBytes, 5 * MIB)
  await using reader = await SnapshotReader.open({ prefix })
  const url = reader.shards()[0]!.url!
  const shard = await ShardReader.open({ url, engine: slatedb({ cacheBytes: 6 * MIB }) })
  await shard.close()
  assert.equal((await cacheStats()).budgetBytes, 6 * MIB)
})

test('slatedb: cacheBytes is checked', async () => {
  for (const cacheBytes of [-1, 0.5, 2 ** 32, '5 MB']) {
    await rejectsWith('SHARD_INVALID_OPTION', /cacheBytes.*\(bytes\)/, async () =>
      slatedb({ cacheBytes: cacheBytes as number }),
    )
  }
})
