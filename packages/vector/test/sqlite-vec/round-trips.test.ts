import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { sqliteVec } from '@shardyfusion/vector'
import { roundTrips } from '../../../core/dist-test/support/round-trips.js'
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
    const trips = roundTrips(objects)
    await using reader = await SnapshotReader.open({ prefix, objects: trips.store })
    trips.take()
    const query = gaussians(1, dimensions, 3)
    const { results } = await reader.search(query)
    assert.equal(results.length, 10)
    const taken = trips.take()
    assert.ok(taken.length > 1 && taken.length <= 4, `${taken.length} round trips`)
    // What is in memory is not read again, but for the ids of other winners.
    await reader.search(gaussians(1, dimensions, 4))
    await reader.search(query)
    assert.ok(trips.take().length <= 1)
  })
}
