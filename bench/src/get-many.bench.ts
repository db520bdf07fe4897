// How long does a batch of lookups take per key?
import { compare, type Contender } from './support/compare.js'
import { describeRows, plainShardOf, ROWS, SHARDS } from './support/data.js'
import { withReaders } from './support/readers.js'
import { scatteredKeys, storedKey } from './support/rows.js'
import { SHORT } from './support/short.js'

type Get = (key: number) => Promise<Uint8Array | undefined>
type GetMany = (keys: readonly number[]) => Promise<(Uint8Array | undefined)[]>

// Batches per run: one batch is too short to be timed.
const BATCHES = SHORT ? 1 : 5
// The bare binding crashes the process with 257 pending results.
const keys = scatteredKeys(200, Math.ceil((ROWS * 16) / 15))

await withReaders(ROWS, async ({ bareShard, bareShards, ours }) => {
  await compareBatches(
    'a shard',
    (key) => bareShard.get(storedKey(key)),
    ours.map(({ engine, shard }) => [
      `ShardReader.getMany, ${engine}`,
      (wanted) => shard.getMany(wanted),
    ]),
  )
  await compareBatches(
    `a snapshot of ${SHARDS} shards`,
    (key) => bareShards[plainShardOf(key)]!.get(storedKey(key)),
    ours.map(({ engine, snapshot }) => [
      `SnapshotReader.getMany, ${engine}`,
      (wanted) => snapshot.getMany(wanted),
    ]),
  )
})

async function compareBatches(
  title: string,
  get: Get,
  ours: readonly (readonly [name: string, getMany: GetMany])[],
): Promise<void> {
  const batches: (readonly [string, GetMany])[] = [
    ['bare: get after get', (wanted) => inTurn(wanted, get)],
    ['bare: all gets at once', (wanted) => Promise.all(wanted.map(get))],
    ...ours,
  ]
  await compare({
    title: `${keys.length} keys of ${title}: ${describeRows()}`,
    unit: 'key',
    units: BATCHES * keys.length,
    longRounds: 15,
    contenders: batches.map(([name, getMany]): Contender => ({
      name,
      run: async () => {
        for (let i = 0; i < BATCHES; i++) await getMany(keys)
      },
      answer: () => getMany(keys),
    })),
  })
}

async function inTurn(wanted: readonly number[], get: Get): Promise<(Uint8Array | undefined)[]> {
  const values: (Uint8Array | undefined)[] = []
  for (const key of wanted) values.push(await get(key))
  return values
}
