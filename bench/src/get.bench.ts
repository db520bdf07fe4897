// How long does one lookup take, alone and with 64 at a time?
import { compare, type Contender } from './support/compare.js'
import { describeRows, plainShardOf, ROWS, SHARDS } from './support/data.js'
import { inLanes } from './support/lanes.js'
import { withReaders } from './support/readers.js'
import { scatteredKeys, storedKey } from './support/rows.js'

type Get = (key: number) => Promise<Uint8Array | undefined>

const LANES = 64
// The last sixteenth of the keys does not exist.
const keys = scatteredKeys(1_024, Math.ceil((ROWS * 16) / 15))

await withReaders(ROWS, async ({ bareShard, bareShards, ours }) => {
  await compareGets('a shard', [
    ['bare: get', (key) => bareShard.get(storedKey(key))],
    ...ours.map(({ engine, shard }): [string, Get] => [
      `ShardReader.get, ${engine}`,
      (key) => shard.get(key),
    ]),
  ])
  await compareGets(`a snapshot of ${SHARDS} shards`, [
    ['bare: hash, get', (key) => bareShards[plainShardOf(key)]!.get(storedKey(key))],
    ...ours.map(({ engine, snapshot }): [string, Get] => [
      `SnapshotReader.get, ${engine}`,
      (key) => snapshot.get(key),
    ]),
  ])
})

async function compareGets(
  title: string,
  gets: readonly (readonly [name: string, get: Get])[],
): Promise<void> {
  for (const lanes of [1, LANES]) {
    const when = lanes === 1 ? 'one at a time' : `${lanes} at a time`
    await compare({
      title: `${when}, ${title}: ${describeRows()}`,
      unit: 'get',
      units: keys.length,
      longRounds: 15,
      contenders: gets.map(([name, get]): Contender => ({
        name,
        run: () => inLanes(keys, lanes, get),
        answer: () => inLanes(keys, lanes, get),
      })),
    })
  }
}
