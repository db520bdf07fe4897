import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import type { ShardEngine } from '@shardyfusion/core/extend'
import { SnapshotReader } from '@shardyfusion/core'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { objectEngine } from '../support/object-engine.js'
import { seededRandom } from '@shardyfusion/test-support/seeded-random'

// A shard of a reader is open in one of `maxOpenShards` places. Waiting for one can only last for ever if a chain of calls
// waits for a place while it holds another, or if those who hold one never leave it. The first is looked for here: whatever
// runs while a place is held is marked, and nothing that is marked may open a shard, or wait for one.

/** An engine that takes turns of the event loop, and refuses to open a shard for a caller that holds another. */
function watchfulEngine(holding: AsyncLocalStorage<string>): ShardEngine {
  const inner = objectEngine()
  return {
    ...inner,
    async openReader(options) {
      assert.equal(holding.getStore(), undefined, `opens ${options.url} while it holds another`)
      await turn()
      const reader = await inner.openReader(options)
      const held = <T>(work: () => Promise<T>): Promise<T> =>
        holding.run(options.url, async () => {
          await turn()
          return work()
        })
      return {
        getMany: (keys) => held(() => reader.getMany(keys)),
        scan: (range, o) => {
          const scan = reader.scan(range, o)
          return {
            nextChunk: (max) => held(() => scan.nextChunk(max)),
            close: () => scan.close(),
          }
        },
        close: async () => {
          await turn()
          await reader.close()
        },
      }
    },
  }
}

for (const [maxOpenShards, concurrency] of [
  [1, 1],
  [1, 2],
  [2, 5],
] as const) {
  test(`nothing waits for a place while it holds one: ${maxOpenShards} open, concurrency ${concurrency}`, async () => {
    const holding = new AsyncLocalStorage<string>()
    const place = memoryPlace(watchfulEngine(holding))
    const random = seededRandom(maxOpenShards * 10 + concurrency)
    const shards = { sharding: { shards: 6 } }
    await publishRows(place, 'a', 200, shards)
    const reader = await SnapshotReader.open({
      ...place,
      values: 'utf8',
      valueCacheBytes: 0,
      maxOpenShards,
      concurrency,
    })
    const key = (): number => Math.floor(random() * 200)
    const isRow = (value: string | undefined, k: unknown): void =>
      assert.match(value!, new RegExp(`^[a-z] ${String(k)}$`))
    let isDone = false
    const work: (() => Promise<void>)[] = [
      async () => {
        const k = key()
        isRow(await reader.get(k), k)
      },
      async () => {
        const keys = Array.from({ length: 20 }, key)
        for (const [i, value] of (await reader.getMany(keys)).entries()) isRow(value, keys[i])
      },
      async () => {
        let found = 0
        const ordered = random() < 0.5
        for await (const [k, value] of reader.scanIter({}, { ordered, chunkSize: 17 })) {
          isRow(value, Buffer.from(k).readBigUInt64BE())
          found++
          // Another call in the middle of a loop, whose scan holds no place then.
          if (found % 50 === 0) await work[random() < 0.5 ? 0 : 1]!()
          if (random() < 0.005) break
        }
      },
      async () => {
        const signal = AbortSignal.abort()
        await assert.rejects(reader.get(key(), { signal }), { name: 'AbortError' })
        const abort = new AbortController()
        const late = reader.getMany(Array.from({ length: 20 }, key), { signal: abort.signal })
        abort.abort()
        await assert.rejects(late, { name: 'AbortError' })
      },
    ]
    const lanes = Array.from({ length: 6 }, async () => {
      for (let i = 0; i < 12; i++) await work[Math.floor(random() * work.length)]!()
    })
    const refreshing = async (): Promise<void> => {
      for (let i = 0; !isDone; i++) {
        await publishRows(place, String.fromCharCode(97 + (i % 26)), 200, shards)
        await reader.refresh()
        // In memory, nothing of this lets the others have a turn.
        for (let n = 0; n < 20; n++) await turn()
      }
    }
    const all = Promise.all(lanes).finally(() => (isDone = true))
    // Any wait that lasts ends with SHARD_TIMEOUT after 30 s.
    await Promise.all([all, refreshing()])
    await reader.close()
  })
}
