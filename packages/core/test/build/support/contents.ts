import type { EngineChoice } from '@shardyfusion/core/extend'
import { ShardReader, SnapshotReader } from '@shardyfusion/core'

/** All entries of a snapshot by shard, keys and values as text, in the order of a scan of the shard alone. */
export async function contents(prefix: string, engine?: EngineChoice): Promise<string[][]> {
  await using snapshot = await SnapshotReader.open({ prefix, engine })
  const shards: string[][] = []
  for (const { url } of snapshot.shards()) {
    const entries: string[] = []
    shards.push(entries)
    if (url === undefined) continue
    await using reader = await ShardReader.open({ url, engine })
    for await (const [key, value] of reader.scanIter()) {
      entries.push(`${Buffer.from(key).toString('hex')} ${Buffer.from(value).toString('latin1')}`)
    }
  }
  return shards
}
