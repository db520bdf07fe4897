import { ShardReader, SnapshotReader } from '@shardyfusion/core'
import type { DbReader } from '@slatedb/uniffi'
import { openReader } from './bare.js'
import { buildShard, buildSnapshot, ENGINES } from './data.js'
import { withTempDir } from './temp-dir.js'

/** One shard and one snapshot with the same rows, opened with every engine and the bare binding. */
export interface Readers {
  readonly bareShard: DbReader
  readonly bareShards: readonly DbReader[]
  /** Our readers, by engine. */
  readonly ours: readonly {
    readonly engine: string
    readonly shard: ShardReader
    readonly snapshot: SnapshotReader
  }[]
}

/** Builds a shard and a snapshot of `rows` rows, opens both, and removes them afterwards. */
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
          // Without the cache, the benchmark measures the lookup in the shard.
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
