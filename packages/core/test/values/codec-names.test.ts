import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  jsonValues,
  SnapshotReader,
  updateSnapshot,
  type ValueCodec,
  type ValuesOption,
  writeSnapshot,
} from '@shardyfusion/core'
import { compressedValues } from '@shardyfusion/core/compression'
import { msgpackValues } from '@shardyfusion/core/msgpack'
import { memoryPlace, type Place } from '../support/memory-place.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const sharding = { shards: 2 }
const text = new TextEncoder()
const codec = (name?: string, reads?: string[]): ValueCodec => ({
  name,
  reads,
  encode: (value) => text.encode(String(value)),
  decode: (bytes) => new TextDecoder().decode(bytes),
})

async function publish(place: Place, values: ValuesOption): Promise<void> {
  await writeSnapshot<readonly [number, unknown], ValuesOption>([[1, 'x']], {
    ...place,
    sharding,
    values,
    value: (row) => (values === 'bytes' ? Uint8Array.of(1) : row[1]),
  })
}

test('writers record the name of the codec, and info() has it', async () => {
  const names: [ValuesOption, string | undefined][] = [
    ['bytes', undefined],
    ['utf8', 'utf8'],
    ['json', 'json'],
    [jsonValues(), 'json'],
    [msgpackValues(), 'msgpack'],
    [compressedValues('json'), 'zlib(json)'],
    [compressedValues('bytes'), 'zlib'],
    [codec('own/1'), 'own/1'],
    [codec(), undefined],
  ]
  for (const [values, name] of names) {
    const place = memoryPlace()
    if (values === 'bytes' || name === 'zlib') {
      const rows = [[1, Uint8Array.of(1)] as const]
      await writeSnapshot<(typeof rows)[number], ValuesOption>(rows, { ...place, sharding, values })
    } else await publish(place, values)
    await using reader = await SnapshotReader.open(place)
    const { valueCodec, custom } = reader.info()
    assert.deepEqual([valueCodec, custom], [name, {}])
  }
})

test('a reader refuses values that were written by another codec, at open and at a refresh', async () => {
  const place = memoryPlace()
  await publish(place, 'json')
  await rejectsWith(
    'SHARD_INVALID_OPTION',
    /SnapshotReader\.open: values is "msgpack", but those of this snapshot were written as "json"; .*'bytes'/,
    () => SnapshotReader.open({ ...place, values: msgpackValues() }),
  )
  await using reader = await SnapshotReader.open({ ...place, values: 'json' })
  await publish(place, msgpackValues())
  await rejectsWith('SHARD_INVALID_OPTION', /written as "msgpack"/, () => reader.refresh())
  assert.equal(await reader.get(1), 'x', 'it stays on the snapshot that it can read')
  await publish(place, 'json')
  assert.equal(await reader.refresh(), true)
})

test('text formats read each other, bytes read everything, and codecs say what they read', async () => {
  const readable: [written: ValuesOption, read: ValuesOption][] = [
    ['json', 'utf8'],
    ['utf8', 'json'],
    ['json', 'bytes'],
    [msgpackValues(), 'bytes'],
    [codec('own/1'), codec('own/2', ['own/1'])],
    [codec('own/1'), codec()],
    [codec(), 'json'],
    [compressedValues(codec('own/1')), compressedValues(codec('own/2', ['own/1']))],
    [compressedValues('utf8'), compressedValues('json')],
  ]
  for (const [written, values] of readable) {
    const place = memoryPlace()
    await publish(place, written)
    await using reader = await SnapshotReader.open({ ...place, values })
    assert.equal(reader.info().rowCount, 1)
  }
  for (const [written, values] of [
    [codec('own/1'), codec('own/2')],
    [codec('own/1'), 'json'],
    [compressedValues('json'), 'json'],
    ['json', compressedValues('json')],
  ] as [ValuesOption, ValuesOption][]) {
    const place = memoryPlace()
    await publish(place, written)
    await rejectsWith('SHARD_INVALID_OPTION', /written as/, () =>
      SnapshotReader.open({ ...place, values }),
    )
  }
})

test('an update keeps the name, and refuses values of another codec', async () => {
  const place = memoryPlace()
  await publish(place, 'json')
  await rejectsWith('SHARD_INVALID_OPTION', /values is "msgpack".*current snapshot.*"json"/, () =>
    updateSnapshot([[2, 'y'] as const], { ...place, values: msgpackValues() }),
  )
  await updateSnapshot([[2, 'y'] as const], { ...place, values: 'json' })
  await updateSnapshot([[3, text.encode('"z"')] as const], place)
  await using reader = await SnapshotReader.open({ ...place, values: 'json' })
  assert.deepEqual(await reader.getMany([1, 2, 3]), ['x', 'y', 'z'])
  assert.equal(reader.info().valueCodec, 'json')
})

test('names are text of 1 to 100 characters', async () => {
  for (const bad of [codec(''), codec('x'.repeat(101)), codec('x', [''])]) {
    await rejectsWith('SHARD_INVALID_OPTION', /values must have as name.*100 characters/, () =>
      SnapshotReader.open({ ...memoryPlace(), values: bad }),
    )
  }
})
