import { test } from 'node:test'
import { updateSnapshot, writeSnapshot } from '@shardyfusion/core'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { memoryPlace } from '../support/memory-place.js'

const options = { sharding: { shards: 2 }, keyEncoding: 'utf8', values: 'json' } as const
const rows = [{ sku: 'a', name: 'rope' }]

test('a key property that does not exist is named, with those that do', async () => {
  const key = 'skuu' as 'sku'
  await rejectsWith(
    'SHARD_INVALID_KEY',
    /^record 0: .*its key in the property "skuu", got undefined; the properties of the record are sku, name$/,
    () => writeSnapshot(rows, { ...memoryPlace(), ...options, key }),
  )
})

test('an engine function that was not called is refused with the remedy', async () => {
  const engine = (() => {}) as never
  await rejectsWith('SHARD_INVALID_OPTION', /got a function; call it/, () =>
    writeSnapshot(rows, { ...memoryPlace(), ...options, key: 'sku', engine }),
  )
})

test('a misspelt option is named with the one that was meant, of all that the function takes', async () => {
  const base = { ...memoryPlace(), ...options }
  const cases: [object, RegExp][] = [
    [{ kye: 'sku' }, /^writeSnapshot: unknown option "kye"; did you mean "key"\?$/],
    [{ contxt: () => ({}) }, /^writeSnapshot: unknown option "contxt"; did you mean "context"\?$/],
    [{ keyEncodng: 'utf8' }, /did you mean "keyEncoding"\?$/],
    [
      { vector: { dimensions: 3, paylod: 'x' } },
      /^writeSnapshot: unknown option "vector.paylod"; did you mean "vector.payload"\?$/,
    ],
    [
      { vector: { dimensions: 3, from: 'x' } },
      /the options are dimensions, metric, of, id, payload$/,
    ],
  ]
  for (const [wrong, message] of cases)
    await rejectsWith('SHARD_INVALID_OPTION', message, () =>
      writeSnapshot(rows, { ...base, key: 'sku', ...wrong }),
    )
  await rejectsWith(
    'SHARD_INVALID_OPTION',
    /^updateSnapshot: unknown option "deletd"; did you mean "deleted"\?$/,
    () =>
      updateSnapshot(rows, { ...memoryPlace(), key: 'sku', values: 'json', deletd: 'x' } as never),
  )
})
