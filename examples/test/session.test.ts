import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeSnapshot } from '@shardyfusion/core'
// #region session
import { SnapshotSession } from '@shardyfusion/core/extend'

async function smallestKeys(prefix: string): Promise<(Uint8Array | undefined)[]> {
  await using session = await SnapshotSession.open({ prefix })
  return await session.use(async (snapshot) => {
    const shards = snapshot.manifest.entries.filter(({ url }) => url !== undefined)
    const first = shards.map(({ id }) =>
      snapshot.use(id, async (shard) => (await shard.scan({}).nextChunk(1))?.key(0)),
    )
    return Promise.all(first)
  })
}
// #endregion

test('session: a custom function reads the first key of every shard', async () => {
  const prefix = 'memory://session'
  const rows = [1, 2, 3].map((key): [number, Uint8Array] => [key, Uint8Array.of(key)])
  await writeSnapshot(rows, { prefix, sharding: { shards: 1 } })
  const [first] = await smallestKeys(prefix)
  assert.equal(Buffer.from(first!).readBigUInt64BE(), 1n)
})
