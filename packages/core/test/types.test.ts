import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ShardEngine, wrapEngine } from '@shardyfusion/core/extend'
import {
  jsonValues,
  type ShardReaderOptions,
  type ShardWriterOptions,
  slatedb,
  SnapshotReader,
  type SnapshotReaderOptions,
  type SnapshotScanOptions,
  SnapshotWriter,
  type SnapshotWriterOptions,
  writeSnapshot,
} from '@shardyfusion/core'
import type { shardWriterOptionsSchema } from '#dist/build/shard-writer-options.js'
import type { snapshotWriterOptionsSchema } from '#dist/build/snapshot-writer-options.js'
import type { snapshotScanOptionsSchema } from '#dist/read/scan/scan-options.js'
import type { shardReaderOptionsSchema } from '#dist/read/shard-reader-options.js'
import type { snapshotReaderOptionsSchema } from '#dist/read/snapshot-reader-options.js'
import type * as v from 'valibot'
import { rejectsWith } from '@shardyfusion/test-support/throws'

// Compile-time only: each line that must not compile says so.

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never
type Keys<S extends v.GenericSchema> = keyof v.InferInput<S>

test('types: the documented options are those the schemas take', () => {
  const same: true[] = [
    true satisfies Same<keyof ShardWriterOptions, Keys<typeof shardWriterOptionsSchema>>,
    true satisfies Same<keyof ShardReaderOptions, Keys<typeof shardReaderOptionsSchema>>,
    true satisfies Same<keyof SnapshotWriterOptions, Keys<typeof snapshotWriterOptionsSchema>>,
    true satisfies Same<keyof SnapshotReaderOptions, Keys<typeof snapshotReaderOptionsSchema>>,
    true satisfies Same<keyof SnapshotScanOptions, Keys<typeof snapshotScanOptionsSchema>>,
  ]
  assert.equal(same.length, 5)
})

test('types: an engine takes options of its own, and so does every option that takes an engine', () => {
  interface PagedOptions {
    readonly pageBytes?: number
  }
  const paged = (options: PagedOptions = {}): ShardEngine =>
    wrapEngine(slatedb(), { name: 'paged', format: 'paged', origin: { module: 'paged', options } })
  const engine = paged({ pageBytes: 8192 })
  const writer: SnapshotWriterOptions = { prefix: '', sharding: { shards: 1 }, engine }
  const reader: SnapshotReaderOptions = { prefix: '', engine: slatedb({ settings: {} }) }
  const shard: ShardWriterOptions = { url: '', engine: 'native' }
  assert.deepEqual(
    [writer.engine, typeof reader.engine, shard.engine],
    [engine, 'object', 'native'],
  )
  // @ts-expect-error pageBytes is a number
  paged({ pageBytes: '8192' })
  // @ts-expect-error an engine has a format and says what it supports
  const bare: ShardEngine = {
    name: 'bare',
    openWriter: paged().openWriter,
    openReader: paged().openReader,
  }
  // @ts-expect-error settings belong to the engine
  const settings: SnapshotWriterOptions = { ...writer, settings: { compression: 'zstd' } }
  assert.ok(bare && settings)
})

test('types: values and keys follow the options values and keys', async (t) => {
  const prefix = 'memory://types'
  const sharding = { shards: 2 }
  const writer = await SnapshotWriter.open({ prefix, sharding, values: 'utf8' })
  t.after(() => writer.close())
  await writer.put(1n, 'text')
  // @ts-expect-error a utf8 writer takes text
  await rejectsWith('SHARD_INVALID_VALUE', /text/, () => writer.put(2, Uint8Array.of(1)))
  // @ts-expect-error a key is an integer, text or bytes
  await rejectsWith('SHARD_INVALID_KEY', /bigint/, () => writer.put(1.5 as unknown as Date, 'x'))
  await writer.publish()

  const text = await SnapshotReader.open({ prefix, values: 'utf8', keys: 'decoded' })
  t.after(() => text.close())
  const value: string | undefined = await text.get(1n)
  assert.equal(value, 'text')
  const bytes = await SnapshotReader.open({ prefix })
  t.after(() => bytes.close())
  const raw: Uint8Array | undefined = await bytes.get(1)
  assert.equal(raw?.length, 4)
  for await (const [key, stored] of bytes.scanIter()) {
    const both: [Uint8Array, Uint8Array] = [key, stored]
    assert.equal(both.length, 2)
  }
  for await (const [key] of text.scanIter()) {
    const decoded: bigint | string | Uint8Array = key
    assert.equal(decoded, 1n)
  }
  const values = jsonValues<{ name: string }>()
  const json = await SnapshotReader.open({ prefix, values })
  t.after(() => json.close())
  const typed: { name: string } | undefined = await json.get(9)
  assert.equal(typed, undefined)
})

test('types: records know their properties', async () => {
  const prefix = 'memory://types-records'
  const records = [{ id: 1, name: 'a' }]
  await writeSnapshot(records, {
    prefix,
    sharding: { shards: 1 },
    key: 'id',
    values: 'json',
  })
  await writeSnapshot(records, {
    prefix,
    sharding: { shards: 1 },
    key: 'id',
    value: (record) => record.name,
    values: 'utf8',
  })
  await rejectsWith('SHARD_INVALID_KEY', /record 0/, () =>
    writeSnapshot(records, {
      prefix,
      sharding: { shards: 1 },
      // @ts-expect-error no such property
      key: 'idd',
      values: 'json',
    }),
  )
  await rejectsWith('SHARD_INVALID_OPTION', /unknown option "shardz"/, () =>
    writeSnapshot(records, {
      prefix,
      sharding: { shards: 1 },
      key: 'id',
      values: 'json',
      // @ts-expect-error a misspelt option
      shardz: 3,
    }),
  )
  await rejectsWith('SHARD_INVALID_OPTION', /sharding/, () =>
    writeSnapshot(records, { prefix, sharding: { shards: 0 }, key: 'id', values: 'json' }),
  )
})
