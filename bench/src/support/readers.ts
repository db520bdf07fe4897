import { ShardReader, SnapshotReader } from '@shardyfusion/core'
import type { DbReader } from '@slatedb/uniffi'
import { openReader } from './bare.js'
import { buildShard, buildSnapshot, ENGINES } from './data.js'
import { withTempDir } from './temp-dir.js'

/** One shard and one snapshot of the same rows, open in every way. */
export interface Readers {
  readonly bareShard: DbReader
  readonly bareShards: readonly DbReader[]
  /** Ours, by engine. */
  readonly ours: readonly {
    readonly engine: string
    readonly shard: ShardReader
    readonly snapshot: SnapshotReader
  }[]
}

/** Builds `rows` rows as a shard and as a snapshot, opens both, and removes all of it afterwards. */
export async function withReaders(
  rows: number,
  work: (readers: Readers) => Promise<void>,
): Promise<void> {
  await withTempDir(async ({ url }) => {
    await buildShard(url('shard'), { rows })
    const urls = await buildSnapshot(url('snapshot'), { rows })
    const bare = await openReader(url('shard'))
    const bareShards = await Promise.all(urls.map(openReader))
    const ours = await Promise.all(
      ENGINES.map(async (engine) => ({
        engine,
        shard: await ShardReader.open({ url: url('shard'), engine }),
        snapshot: await SnapshotReader.open({
          prefix: url('snapshot'),
          engine,
          // The benchmark measures the way to the shard and back.
          valueCacheBytes: 0,
        }),
      })),
    )
    await work({
      bareShard: bare.reader,
      bareShards: bareShards.map(({ reader }) => reader),
      ours,
    })
    const opened = [
      ...ours.flatMap(({ shard, snapshot }) => [shard, snapshot]),
      bare,
      ...bareShards,
    ]
    for (const reader of opened) await reader.close()
  })
}
