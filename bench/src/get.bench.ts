// What does one lookup cost, alone and with 64 at a time?
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
import { withTempDir } from './support/temp-dir.js'

type Get = (key: number) => Promise<Uint8Array | undefined>

const LANES = 64
// The last sixteenth of the keys are not there.
const keys = scatteredKeys(1_024, Math.ceil((ROWS * 16) / 15))

await withTempDir(async ({ url }) => {
  await buildShard(url('shard'))
  const urls = await buildSnapshot(url('snapshot'))
  const bare = await openReader(url('shard'))
  const shard = await ShardReader.open({ url: url('shard') })
  const bareShards = await Promise.all(urls.map(openReader))
  const snapshot = await SnapshotReader.open({ prefix: url('snapshot') })

  await compareGets(`a shard: ${describeRows()}`, {
    'bare: get': (key) => bare.reader.get(storedKey(key)),
    'ShardReader.get': (key) => shard.get(key),
  })
  await compareGets(`a snapshot of ${SHARDS} shards: ${describeRows()}`, {
    'bare: hash, get': (key) => bareShards[plainShardOf(key)]!.reader.get(storedKey(key)),
    'SnapshotReader.get': (key) => snapshot.get(key),
  })

  for (const reader of [bare, shard, snapshot, ...bareShards]) await reader.close()
})

async function compareGets(title: string, gets: Readonly<Record<string, Get>>): Promise<void> {
  for (const lanes of [1, LANES]) {
    const contenders = Object.entries(gets).map(([name, get]): Contender => ({
      name,
      run: () => inLanes(lanes, get),
      answer: () => inLanes(lanes, get),
    }))
    const when = lanes === 1 ? 'one at a time' : `${lanes} at a time`
    await compare({
      title: `${when}, ${title}`,
      unit: 'get',
      units: keys.length,
      contenders,
      longRounds: 15,
    })
  }
}

/** Gets all keys, `lanes` of them under way at any moment. */
async function inLanes(lanes: number, get: Get): Promise<(Uint8Array | undefined)[]> {
  const values: (Uint8Array | undefined)[] = Array.from({ length: keys.length })
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < keys.length) {
      const i = next++
      values[i] = await get(keys[i]!)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return values
}
