import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  MemoryStore,
  ShardReader,
  slatedb,
  SnapshotReader,
  SnapshotWriter,
  writeSnapshot,
} from '@shardyfusion/core'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const PREFIX = 'memory://place/values'
const engine = slatedb({ runtime: 'wasm' })

async function published(compression: 'zstd' | undefined) {
  const objects = new MemoryStore()
  const rows: [string, Uint8Array][] = [
    ['long', new Uint8Array(30_000).fill(7)],
    ['short', new Uint8Array(20_000).fill(8)],
  ]
  const snapshot = await writeSnapshot(rows, {
    prefix: PREFIX,
    objects,
    engine: slatedb({ runtime: 'wasm', settings: { compression } }),
    sharding: { shards: 1 },
    keyEncoding: 'utf8',
  })
  return { objects, rows, url: snapshot.shards[0]!.url! }
}

for (const compression of [undefined, 'zstd'] as const) {
  test(`maxValueBytes: a longer value is an error that says what to do, all others are read (${compression ?? 'not compressed'})`, async () => {
    const { objects, rows, url } = await published(compression)
    const tooLong = {
      code: 'SHARD_INVALID_VALUE',
      message: /a value of 30000 bytes.* 20000 bytes; raise maxValueBytes/,
    }
    const options = { objects, engine, maxValueBytes: 20_000 } as const
    await using reader = await SnapshotReader.open({ prefix: PREFIX, ...options })
    await using shard = await ShardReader.open({ url, keyEncoding: 'utf8', ...options })
    for (const { get, getMany, scanIter } of [bound(reader), bound(shard)]) {
      assert.deepEqual(await get('short'), rows[1]![1])
      await assert.rejects(get('long'), tooLong)
      await assert.rejects(getMany(['short', 'long']), tooLong)
      await assert.rejects(scanIter().next(), tooLong)
      // The shard serves other keys all the while.
      assert.deepEqual(await getMany(['short']), [rows[1]![1]])
    }
    await using enough = await SnapshotReader.open({
      prefix: PREFIX,
      ...options,
      maxValueBytes: 30_000,
    })
    assert.deepEqual(await enough.get('long'), rows[0]![1])
  })
}

function bound(reader: SnapshotReader | ShardReader) {
  return {
    get: (key: string) => reader.get(key),
    getMany: (keys: string[]) => reader.getMany(keys),
    scanIter: () => reader.scanIter(),
  }
}

test('maxValueBytes: what is no number of bytes is refused', async () => {
  const { objects } = await published(undefined)
  for (const maxValueBytes of [0, -1, 0.5, 2 ** 32, Number.NaN]) {
    await rejectsWith('SHARD_INVALID_OPTION', /maxValueBytes .*bytes/, () =>
      SnapshotReader.open({ prefix: PREFIX, objects, engine, maxValueBytes }),
    )
  }
})

test('a value too large to write is refused by key, size and limit', async () => {
  const objects = new MemoryStore()
  await using writer = await SnapshotWriter.open({
    prefix: PREFIX,
    objects,
    engine,
    sharding: { shards: 1 },
    keyEncoding: 'utf8',
  })
  await writer.put('a', new Uint8Array(3))
  // Pages of it are never touched, so it takes no memory.
  const value = new Uint8Array(256 * 1024 * 1024 + 1)
  await assert.rejects(writer.put('too long', value), {
    code: 'SHARD_INVALID_VALUE',
    message:
      /the value of key 0x746f6f206c6f6e67 has 268435457 bytes; this engine takes at most 268435456 bytes/,
  })
})
