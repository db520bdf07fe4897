import { test } from 'node:test'
import { writeSnapshot } from '@shardyfusion/core'
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
