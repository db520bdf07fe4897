// What does a batch of lookups cost, per key?
import { ShardReader, SnapshotReader } from '@shardyfusion/core'
import { openReader } from './support/bare.js'
import { compare, type Contender } from './support/compare.js'
import {
  buildShard,
  buildSnapshot,
  describeRows,
  plainShardOf,
  ROWS,
  SHARDS,
} from './support/data.js'
import { scatteredKeys, storedKey } from './support/rows.js'
import { SHORT } from './support/short.js'
import { withTempDir } from './support/temp-dir.js'

// In one run: a single batch is too short to be timed alone.
const BATCHES = SHORT ? 1 : 5

type GetMany = (keys: readonly number[]) => Promise<(Uint8Array | undefined)[]>

// Of the bare binding no more may be under way: 257 results at once take the process down.
const keys = scatteredKeys(200, Math.ceil((ROWS * 16) / 15))

await withTempDir(async ({ url }) => {
  await buildShard(url('shard'))
  const urls = await buildSnapshot(url('snapshot'))
  const bare = await openReader(url('shard'))
  const shard = await ShardReader.open({ url: url('shard') })
  const bareShards = await Promise.all(urls.map(openReader))
  const snapshot = await SnapshotReader.open({ prefix: url('snapshot') })
  const get = (key: number): Promise<Uint8Array | undefined> => bare.reader.get(storedKey(key))
  const getOfSnapshot = (key: number): Promise<Uint8Array | undefined> =>
    bareShards[plainShardOf(key)]!.reader.get(storedKey(key))

  await compareBatches(`${keys.length} keys of a shard: ${describeRows()}`, {
    'bare: get after get': (wanted) => inTurn(wanted, get),
    'bare: all gets at once': (wanted) => Promise.all(wanted.map(get)),
    'ShardReader.getMany': (wanted) => shard.getMany(wanted),
  })
  await compareBatches(`${keys.length} keys of a snapshot of ${SHARDS} shards: ${describeRows()}`, {
    'bare: hash, get after get': (wanted) => inTurn(wanted, getOfSnapshot),
    'bare: hash, all gets at once': (wanted) => Promise.all(wanted.map(getOfSnapshot)),
    'SnapshotReader.getMany': (wanted) => snapshot.getMany(wanted),
  })

  for (const reader of [bare, shard, snapshot, ...bareShards]) await reader.close()
})

async function compareBatches(
  title: string,
  batches: Readonly<Record<string, GetMany>>,
): Promise<void> {
  const contenders = Object.entries(batches).map(([name, getMany]): Contender => ({
    name,
    run: async () => {
      for (let i = 0; i < BATCHES; i++) await getMany(keys)
    },
    answer: () => getMany(keys),
  }))
  await compare({ title, unit: 'key', units: BATCHES * keys.length, contenders, longRounds: 15 })
}

async function inTurn(
  wanted: readonly number[],
  get: (key: number) => Promise<Uint8Array | undefined>,
): Promise<(Uint8Array | undefined)[]> {
  const values: (Uint8Array | undefined)[] = []
  for (const key of wanted) values.push(await get(key))
  return values
}
