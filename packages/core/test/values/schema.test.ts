import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isShardyfusionError,
  jsonValues,
  SnapshotReader,
  SnapshotWriter,
  type StandardSchema,
  writeSnapshot,
} from '@shardyfusion/core'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { memoryPlace } from '../support/memory-place.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

interface Order {
  id: number
  address: { lines: string[] }
}

const sharding = { shards: 2 }
const good: Order = { id: 1, address: { lines: ['Main Street 1', 'Zürich'] } }
const bad = { id: 2, address: { lines: ['Main Street 1', 7] } }

const SCHEMAS: Record<string, StandardSchema<Order>> = {
  valibot: v.object({ id: v.number(), address: v.object({ lines: v.array(v.string()) }) }),
  zod: z.object({ id: z.number(), address: z.object({ lines: z.array(z.string()) }) }),
  arktype: type({ id: 'number', address: { lines: 'string[]' } }),
}

for (const [library, schema] of Object.entries(SCHEMAS)) {
  test(`schema of ${library}: what is decoded is validated, and errors name key and path`, async () => {
    const place = memoryPlace()
    await writeSnapshot([good, bad], { ...place, sharding, key: 'id', values: 'json' })
    for (const valueCacheBytes of [0, 100_000]) {
      const options = { ...place, values: 'json', schema, valueCacheBytes } as const
      await using reader = await SnapshotReader.open(options)
      for (const round of ['read', 'cached']) {
        const order: Order | undefined = await reader.get(1)
        assert.deepEqual(order, good, round)
        assert.equal(await reader.get(3), undefined, round)
        const message =
          /the value of key 2 does not match the schema: .*address\.lines\[1\].*string/
        const error = await rejectsWith('SHARD_INVALID_VALUE', message, () => reader.get(2))
        const { key, issues } = error.details as { key: string; issues: { path: string }[] }
        assert.deepEqual([key, issues[0]?.path], ['2', 'address.lines[1]'])
        await rejectsWith('SHARD_INVALID_VALUE', message, () => reader.getMany([1, 2, 3]))
      }
      await rejectsWith('SHARD_INVALID_VALUE', /key 2 .*schema/, async () => {
        for await (const [, { address }] of reader.scanIter()) assert.ok(address)
      })
    }
  })

  test(`schema of ${library}: a writer validates what is put, and stores nothing of a bad row`, async () => {
    const place = memoryPlace()
    const options = { ...place, sharding, values: 'json', schema } as const
    const message =
      /record 1: SnapshotWriter\.put: the value of key 2 .*schema: .*address\.lines\[1\]/
    await rejectsWith('SHARD_INVALID_VALUE', message, () =>
      writeSnapshot([good, bad as unknown as Order], { ...options, key: 'id' }),
    )
    await using writer = await SnapshotWriter.open(options)
    await writer.put(1, good)
    await rejectsWith('SHARD_INVALID_VALUE', /key 2/, () => writer.put(2, bad as unknown as Order))
    assert.equal(writer.rows, 1)
  })
}

test('a schema may change values: writers store what was given, readers return what it makes', async () => {
  const place = memoryPlace()
  const schema = v.object({
    at: v.pipe(
      v.string(),
      v.isoDate(),
      v.transform((text) => new Date(text)),
    ),
    tags: v.optional(v.array(v.string()), []),
  })
  const values = jsonValues()
  await using writer = await SnapshotWriter.open({ ...place, sharding, values, schema })
  await writer.put(1, { at: '2026-11-28' })
  await writer.publish()
  await using reader = await SnapshotReader.open({ ...place, values, schema })
  const row: { at: Date; tags: string[] } | undefined = await reader.get(1)
  assert.deepEqual(row, { at: new Date('2026-11-28'), tags: [] })
  await using stored = await SnapshotReader.open({ ...place, values: 'utf8' })
  assert.equal(await stored.get(1), '{"at":"2026-11-28"}')
})

test('keys of every kind are named, and long ones are cut', async () => {
  const cases = [
    ['utf8', 'eu/16', '"eu/16"'],
    ['utf8', Uint8Array.of(0xff), '0xff'],
    ['raw', Uint8Array.of(1, 171), '0x01ab'],
    ['utf8', 'x'.repeat(500), `"${'x'.repeat(57)}…"`],
    ['u32be', 7, '7'],
  ] as const
  for (const [keyEncoding, key, named] of cases) {
    const place = memoryPlace()
    await writeSnapshot([[key, 'x']] as [typeof key, string][], {
      ...place,
      sharding,
      keyEncoding,
      values: 'utf8',
    })
    await using reader = await SnapshotReader.open({ ...place, values: 'json' })
    const error = await rejectsWith('SHARD_INVALID_VALUE', /not JSON; open the reader/, () =>
      reader.get(key),
    )
    assert.equal(error.details['key'], named)
  }
})

test('an asynchronous schema is refused with the first value, and its own failure is not left unhandled', async () => {
  const place = memoryPlace()
  await writeSnapshot([good], { ...place, sharding, key: 'id', values: 'json' })
  const late = v.objectAsync({
    id: v.pipeAsync(
      v.number(),
      v.checkAsync(() => Promise.reject(new Error('late'))),
    ),
  })
  const message = /schema must validate without waiting, but that of valibot returned a promise/
  await using reader = await SnapshotReader.open({ ...place, values: 'json', schema: late })
  await rejectsWith('SHARD_INVALID_OPTION', message, () => reader.get(1))
  await using writer = await SnapshotWriter.open({
    ...place,
    sharding,
    values: 'json',
    schema: late,
  })
  await rejectsWith('SHARD_INVALID_OPTION', message, () => writer.put(1, good))
  await new Promise((resolve) => setImmediate(resolve))
})

test('what is no Standard Schema is refused at open', async () => {
  for (const schema of [{}, 'object', { '~standard': { version: 2, validate: () => 1 } }, null]) {
    const options = { ...memoryPlace(), schema: schema as unknown as StandardSchema }
    await rejectsWith('SHARD_INVALID_OPTION', /schema must be a Standard Schema/, () =>
      SnapshotReader.open(options),
    )
  }
})

test('a schema that throws is reported as what it threw', async () => {
  const place = memoryPlace()
  await writeSnapshot([good], { ...place, sharding, key: 'id', values: 'json' })
  const schema = v.pipe(
    v.unknown(),
    v.check(() => {
      throw new RangeError('inside')
    }),
  )
  await using reader = await SnapshotReader.open({ ...place, values: 'json', schema })
  await assert.rejects(
    () => reader.get(1),
    (error) => error instanceof RangeError && !isShardyfusionError(error),
  )
})
