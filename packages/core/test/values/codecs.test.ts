import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  jsonValues,
  SnapshotReader,
  SnapshotWriter,
  type ValueCodec,
  writeSnapshot,
} from '@shardyfusion/core'
import { memoryPlace } from '../support/memory-place.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const sharding = { shards: 2 }

const dates: ValueCodec<Date> = {
  encode: (date) => new TextEncoder().encode(date.toISOString()),
  decode(bytes) {
    const date = new Date(new TextDecoder().decode(bytes))
    if (Number.isNaN(date.getTime())) throw new RangeError('not a date')
    return date
  },
}

test('a codec of the caller encodes what is put, and decodes what is read', async () => {
  const place = memoryPlace()
  const days = [new Date(0), new Date(86_400_000), new Date(172_800_000)]
  await using writer = await SnapshotWriter.open({ ...place, sharding, values: dates })
  for (const [id, day] of days.entries()) await writer.put(id, day)
  await writer.publish()
  for (const valueCacheBytes of [0, 100_000]) {
    await using reader = await SnapshotReader.open({ ...place, values: dates, valueCacheBytes })
    for (const round of ['read', 'cached']) {
      assert.deepEqual(await reader.get(1), days[1], round)
      assert.deepEqual(await reader.getMany([2, 9, 0]), [days[2], undefined, days[0]], round)
    }
    const scanned: number[] = []
    for await (const [, date] of reader.scanIter()) scanned.push(date.getTime())
    assert.deepEqual(scanned, days.map(Number))
  }
})

test('a codec takes the whole record, unless records are pairs or have a value of their own', async () => {
  const values = jsonValues<{ id: number; at: string }>()
  const place = memoryPlace()
  const rows = [{ id: 1, at: 'noon' }]
  await writeSnapshot(rows, { ...place, sharding, key: 'id', values })
  await using reader = await SnapshotReader.open({ ...place, values })
  assert.equal((await reader.get(1))?.at, 'noon')
  await writeSnapshot([[1, new Date(5)] as const], { ...place, sharding, values: dates })
  await reader.refresh()
  await using other = await SnapshotReader.open({ ...place, values: dates })
  assert.deepEqual(await other.get(1), new Date(5))
})

test('jsonValues() stores and reads what json does', async () => {
  const place = memoryPlace()
  const row = { tags: ['a', null, 'é'] }
  await writeSnapshot([[1, row] as const], { ...place, sharding, values: jsonValues() })
  await using typed = await SnapshotReader.open({ ...place, values: jsonValues<typeof row>() })
  await using plain = await SnapshotReader.open({ ...place, values: 'json' })
  await using bytes = await SnapshotReader.open(place)
  assert.deepEqual([await typed.get(1), await plain.get(1)], [row, row])
  assert.equal(Buffer.from((await bytes.get(1))!).toString(), JSON.stringify(row))
  const codec = jsonValues()
  assert.deepEqual(codec.decode(codec.encode(row)), row)
  await rejectsWith('SHARD_INVALID_VALUE', /plain JSON data \(no bigint/, () =>
    writeSnapshot([[1, 1n] as const], { ...place, sharding, values: jsonValues() }),
  )
})

test('a codec that fails is named with its error as the cause', async () => {
  const place = memoryPlace()
  const bad = 'noon' as unknown as Date
  const error = await rejectsWith('SHARD_INVALID_VALUE', /^record 1: .*codec.*"noon"/, () =>
    writeSnapshot([[1, new Date(0)] as const, [2, bad] as const], {
      ...place,
      sharding,
      values: dates,
    }),
  )
  assert.match(String((error.cause as Error).cause), /toISOString/)
  await rejectsWith('SHARD_INVALID_VALUE', /the codec must return bytes.*"text"/, () =>
    writeSnapshot([[1, 1] as const], {
      ...place,
      sharding,
      values: { encode: () => 'text' as unknown as Uint8Array, decode: () => 1 },
    }),
  )
  await writeSnapshot([[1, 'never']], { ...place, sharding, values: 'utf8' })
  await using reader = await SnapshotReader.open({ ...place, values: dates })
  const unread = await rejectsWith('SHARD_INVALID_VALUE', /values: 'bytes'/, () => reader.get(1))
  assert.ok(unread.cause instanceof RangeError)
  const empty: ValueCodec = { encode: () => new Uint8Array(), decode: () => undefined }
  await using nothing = await SnapshotReader.open({ ...place, values: empty })
  await rejectsWith('SHARD_INVALID_VALUE', /undefined/, () => nothing.get(1))
})

test('what is no codec is refused before anything is opened', async () => {
  for (const values of ['text', 7, null, { encode: () => new Uint8Array() }, [], dates.encode]) {
    const options = { ...memoryPlace(), values: values as unknown as ValueCodec }
    const message = /values must be 'bytes', 'utf8', 'json' or a codec \(\{ encode, decode \}\)/
    await rejectsWith('SHARD_INVALID_OPTION', message, () => SnapshotReader.open(options))
    await rejectsWith('SHARD_INVALID_OPTION', message, () =>
      SnapshotWriter.open({ ...options, sharding }),
    )
  }
})
