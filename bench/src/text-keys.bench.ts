// How much slower are lookups of text keys that begin alike, such as `customer/000000123456`, than lookups in lmdb?
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { open } from 'lmdb'
import { compare } from './support/compare.js'
import { inBatches, inLanes } from './support/lanes.js'
import { looking } from './support/looking.js'
import { scatteredKeys, valueOf } from './support/rows.js'
import { SHORT } from './support/short.js'
import { withTempDir } from './support/temp-dir.js'
import { holdTo } from './support/verdict.js'

const ROUNDS = 5
const ROWS = SHORT ? 2_000 : 300_000
const GETS = SHORT ? 500 : 50_000

await withTempDir(async ({ path, url }) => {
  const texts = Array.from({ length: ROWS }, (_, i) => `customer/${String(i).padStart(12, '0')}`)
  const theirs = open<Buffer, string>({ path: `${path}/lmdb`, encoding: 'binary' })
  theirs.transactionSync(() => {
    for (const [i, key] of texts.entries()) theirs.putSync(key, Buffer.from(valueOf(i)))
  })
  await theirs.flushed
  const prefix = url('snapshot')
  const records = texts.map((key, i) => ({ key, value: valueOf(i) }))
  await writeSnapshot(records, {
    prefix,
    key: 'key',
    value: 'value',
    keyEncoding: 'utf8',
    sharding: { shards: 1 },
  })
  const reader = await SnapshotReader.open({ prefix, valueCacheBytes: 0 })
  const keys = scatteredKeys(GETS, ROWS)
  const keyOf = (id: number): string => texts[id]!
  for (const lanes of [1, 64]) {
    const title = `get, ${lanes} at a time, text keys`
    const [, get] = await compare({
      title,
      unit: 'get',
      units: GETS,
      longRounds: ROUNDS,
      contenders: [
        looking('lmdb', () => inLanes(keys, lanes, (key) => theirs.get(keyOf(key)))),
        looking('SnapshotReader', () => inLanes(keys, lanes, (key) => reader.get(keyOf(key)))),
      ],
    })
    holdTo({ what: title, value: get!.cpuShare!.median, unit: 'times the CPU of lmdb', atMost: 1 })
  }
  const title = 'getMany of 256 text keys'
  const [, many] = await compare({
    title,
    unit: 'key',
    units: GETS,
    longRounds: ROUNDS,
    contenders: [
      // Its getMany() is slower.
      looking('lmdb', () =>
        inBatches(keys, 256, (batch) => batch.map((key) => theirs.get(keyOf(key)))),
      ),
      looking('SnapshotReader', () =>
        inBatches(keys, 256, (batch) => reader.getMany(batch.map(keyOf))),
      ),
    ],
  })
  holdTo({ what: title, value: many!.cpuShare!.median, unit: 'times the CPU of lmdb', atMost: 1 })
  await reader.close()
  await theirs.close()
})
