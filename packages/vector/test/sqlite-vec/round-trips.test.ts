import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { sqliteVec } from '@shardyfusion/vector'
import { RoundTrips } from '../support/round-trips.js'
import { clustered, gaussians } from '../support/vectors.js'

for (const [count, dimensions, index] of [
  [12_000, 64, 'exact'],
  [12_000, 64, { lists: 100 }],
  // 80 MB, and more pages of lists than are read at once by default.
  [100_000, 200, { lists: 400 }],
] as const) {
  const kind = typeof index === 'object' ? `${index.lists} lists` : index
  test(`the first search of a cold shard takes at most 4 round trips (${count} x ${dimensions}, index: ${kind})`, async () => {
    const objects = new MemoryStore()
    const prefix = 'memory://cold/x'
    const vectors = clustered(count, dimensions, 30, 2)
    await writeSnapshot(
      Array.from({ length: count }, (_, id) => id),
      {
        prefix,
        objects,
        sharding: { shards: 1 },
        key: (id) => id,
        value: () => new Uint8Array(100),
        engine: sqliteVec({ index }),
        vector: {
          of: (id) => vectors.subarray(id * dimensions, (id + 1) * dimensions),
          payload: (id) => ({ id }),
          dimensions,
        },
      },
    )
    const trips = new RoundTrips()
    await using reader = await SnapshotReader.open({ prefix, objects: trips.wrap(objects) })
    const before = trips.rounds
    const query = gaussians(1, dimensions, 3)
    const { results } = await reader.search(query)
    assert.equal(results.length, 10)
    const taken = trips.rounds - before
    assert.ok(taken <= 4, `${taken} round trips`)
    // What is in memory is not read again, but for the ids of other winners.
    const warm = trips.rounds
    await reader.search(gaussians(1, dimensions, 4))
    assert.ok(trips.rounds - warm <= 1)
    await reader.search(query)
    assert.ok(trips.rounds - warm <= 1)
  })
}
