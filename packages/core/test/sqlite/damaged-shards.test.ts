import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isShardyfusionError, MemoryStore, sqlite } from '@shardyfusion/core'
import { packEntries } from '@shardyfusion/core/extend'
import { cpuMs } from '@shardyfusion/test-support/cpu-ms'
import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { soak } from '@shardyfusion/test-support/soak'

const MUTATIONS = soak(400, 10_000)
const SEED = Number(process.env['SHARDYFUSION_SEED'] ?? 1)
/** A shard that takes more processor time than this to refuse or to read counts as a hang. */
const MAX_MS = 10_000

const url = 'memory://damaged/shard'
const keyOf = (i: number): Uint8Array => Buffer.from(`key ${String(i).padStart(5, '0')}`)

async function shard(valueBytes: number, rows: number): Promise<Uint8Array> {
  const objects = new MemoryStore()
  const writer = await sqlite({ pageSize: 512 }).openWriter({ url, objects })
  const value = Buffer.alloc(valueBytes, 'v')
  await writer.write(packEntries(Array.from({ length: rows }, (_, i) => [keyOf(i), value])))
  await writer.seal()
  await writer.close()
  return (await objects.get(`${url}/shard.db`))!
}

/** Reads a shard in every way; returns the number of entries of a scan. */
async function readAll(image: Uint8Array, mode: 'range' | 'download'): Promise<number> {
  const objects = new MemoryStore()
  await objects.put(`${url}/shard.db`, image)
  const reader = await sqlite({ mode }).openReader({ url, objects, bytes: image.length })
  try {
    const keys = Array.from({ length: 40 }, (_, i) => keyOf(i * 13))
    for (const value of await reader.getMany(keys))
      assert.ok(value === undefined || value.length >= 0)
    for (const key of keys) reader.peek!(key)
    let entries = 0
    for (const reverse of [true, false]) {
      const scan = reader.scan({}, { reverse })
      entries = 0
      for (
        let chunk = await scan.nextChunk(100);
        chunk !== undefined;
        chunk = await scan.nextChunk(100)
      )
        entries += chunk.count
    }
    await reader.verify!()
    return entries
  } finally {
    await reader.close()
  }
}

for (const [name, valueBytes, rows] of [
  ['short values', 30, 600],
  ['overflow pages', 3000, 40],
] as const) {
  test(`damaged shards, ${name}: an error of the SDK or an answer, in bounded time`, async () => {
    const image = await shard(valueBytes, rows)
    assert.equal(await readAll(image, 'range'), rows)
    const random = seededRandom(SEED)
    let refused = 0
    for (let run = 0; run < MUTATIONS; run++) {
      const damaged = image.slice(
        0,
        random() < 0.05 ? Math.floor(random() * image.length) : undefined,
      )
      for (let edits = 1 + Math.floor(random() * 4); edits > 0; edits--) {
        // Half of the edits are where pages have their structure.
        const page = Math.floor(random() * (image.length / 512)) * 512
        const at =
          random() < 0.5 ? page + Math.floor(random() * 40) : Math.floor(random() * image.length)
        if (at < damaged.length) damaged[at] = Math.floor(random() * 256)
      }
      for (const mode of ['range', 'download'] as const) {
        const startedAt = cpuMs()
        try {
          await readAll(damaged, mode)
        } catch (error) {
          assert.ok(isShardyfusionError(error), `seed ${SEED}, run ${run}: ${String(error)}`)
          assert.equal(error.code, 'SHARD_ENGINE', error.message)
          assert.equal(error.retryable, false)
          refused++
        }
        assert.ok(cpuMs() - startedAt < MAX_MS, `seed ${SEED}, run ${run}`)
      }
    }
    assert.ok(refused > MUTATIONS / 4, `${refused} of ${2 * MUTATIONS} were refused`)
  })
}
